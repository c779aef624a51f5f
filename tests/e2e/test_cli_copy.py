"""`cp` by Docker's rules, in both directions and as a stream; `diff`."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
from pathlib import Path

import pytest

from tests.cli import Cli

pytestmark = [pytest.mark.kernel, pytest.mark.e2e]


@pytest.fixture
def box(cli: Cli) -> str:
    """A container with some files in it, that does not run any more."""
    files = "mkdir -p /d/sub /there; echo f > /d/f; echo g > /d/sub/g; echo x > /file"
    script = f"{files}; ln -s /etc/passwd /d/link; ln -s d /alias"
    cli.ok("run", "--name", "box", "demo", "sh", "-c", script)
    return "box"


def tree(path: Path) -> list[str]:
    return sorted(str(p.relative_to(path)) for p in path.rglob("*"))


def refused(cli: Cli, *words: str) -> str:
    done = cli("cp", *words)
    assert done.returncode == 125 and done.stdout == ""
    return done.stderr


def test_a_file_comes_out_under_the_name_that_is_asked_for(cli: Cli, box: str, tmp_path: Path) -> None:
    cli.ok("cp", f"{box}:/d/f", f"{tmp_path}/new")
    assert (tmp_path / "new").read_text() == "f\n"
    cli.ok("cp", f"{box}:/file", f"{tmp_path}/new")
    assert (tmp_path / "new").read_text() == "x\n"
    cli.ok("cp", f"{box}:/d/f", str(tmp_path))
    assert (tmp_path / "f").read_text() == "f\n"
    assert "is not there" in refused(cli, f"{box}:/d/f", f"{tmp_path}/gone/")


def test_a_directory_comes_out_into_or_as_the_destination(cli: Cli, box: str, tmp_path: Path) -> None:
    cli.ok("cp", f"{box}:/d", f"{tmp_path}/new")
    assert tree(tmp_path / "new") == ["f", "link", "sub", "sub/g"]
    cli.ok("cp", f"{box}:/d", f"{tmp_path}/new")
    assert (tmp_path / "new/d/sub/g").read_text() == "g\n"
    (tmp_path / "flat").mkdir()
    cli.ok("cp", f"{box}:/d/.", f"{tmp_path}/flat")
    assert tree(tmp_path / "flat") == ["f", "link", "sub", "sub/g"]
    assert os.readlink(tmp_path / "flat/link") == "/etc/passwd"
    (tmp_path / "file").touch()
    assert "cannot take the place" in refused(cli, f"{box}:/d", f"{tmp_path}/file")


def test_the_whole_root_comes_out(cli: Cli, box: str, tmp_path: Path) -> None:
    cli.ok("cp", f"{box}:/", f"{tmp_path}/all")
    assert (tmp_path / "all/d/sub/g").read_text() == "g\n" and (tmp_path / "all/etc/passwd").exists()
    (tmp_path / "there").mkdir()
    cli.ok("cp", f"{box}:/.", f"{tmp_path}/there")
    assert (tmp_path / "there/file").exists()


def test_links_are_copied_or_followed(cli: Cli, box: str, tmp_path: Path) -> None:
    cli.ok("cp", f"{box}:/alias", f"{tmp_path}/link")
    assert os.readlink(tmp_path / "link") == "d"
    cli.ok("cp", "-L", f"{box}:/alias", f"{tmp_path}/followed")
    assert (tmp_path / "followed/f").read_text() == "f\n"


def test_a_link_inside_never_leads_to_the_hosts_files(cli: Cli, box: str, tmp_path: Path) -> None:
    cli.ok("cp", "-L", f"{box}:/d/link", f"{tmp_path}/passwd")
    inside = subprocess.run(cli.words("cp", f"{box}:/etc/passwd", "-"), capture_output=True, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(inside)) as archive:
        content = archive.extractfile("passwd")
        assert content is not None and content.read() == (tmp_path / "passwd").read_bytes()
    assert (tmp_path / "passwd").read_bytes() != Path("/etc/passwd").read_bytes()


def test_files_go_in_by_the_same_rules(cli: Cli, box: str, tmp_path: Path) -> None:
    (tmp_path / "s/sub").mkdir(parents=True)
    (tmp_path / "s/sub/a").write_text("a")
    (tmp_path / "one").write_text("1")
    cli.ok("cp", f"{tmp_path}/one", f"{box}:/there")
    cli.ok("cp", f"{tmp_path}/one", f"{box}:/there/two")
    cli.ok("cp", f"{tmp_path}/s", f"{box}:/there")
    cli.ok("cp", f"{tmp_path}/s/.", f"{box}:/there")
    cli.ok("cp", f"{tmp_path}/s", f"{box}:/as")
    assert "is not there" in refused(cli, f"{tmp_path}/one", f"{box}:/gone/")
    assert "cannot take the place" in refused(cli, f"{tmp_path}/s", f"{box}:/file")
    assert "is not there" in refused(cli, f"{tmp_path}/gone", f"{box}:/there")
    cli.ok("cp", f"{box}:/there/.", f"{tmp_path}/out")
    assert tree(tmp_path / "out") == ["one", "s", "s/sub", "s/sub/a", "sub", "sub/a", "two"]
    cli.ok("cp", f"{box}:/as", f"{tmp_path}/as")
    assert tree(tmp_path / "as") == ["sub", "sub/a"]


def test_what_goes_in_belongs_to_root_unless_asked_otherwise(cli: Cli, tmp_path: Path) -> None:
    cli.ok("run", "-d", "--name", "box", "demo", "sleep", "100")
    (tmp_path / "f").write_text("f")
    os.chown(tmp_path / "f", 4321, 4321)
    cli.ok("cp", f"{tmp_path}/f", "box:/roots")
    cli.ok("cp", "-a", f"{tmp_path}/f", "box:/mine")
    listing = cli.ok("exec", "box", "ls", "-ln", "/roots", "/mine")
    assert "4321" in next(line for line in listing.splitlines() if line.endswith("/mine"))
    assert "4321" not in next(line for line in listing.splitlines() if line.endswith("/roots"))


def test_tar_streams_go_through_standard_input_and_output(cli: Cli, box: str) -> None:
    stream = subprocess.run(cli.words("cp", f"{box}:/d", "-"), capture_output=True, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(stream)) as archive:
        assert sorted(archive.getnames()) == ["d", "d/f", "d/link", "d/sub", "d/sub/g"]
    cli.ok("cp", "-", f"{box}:/there", input=stream)
    stream = subprocess.run(cli.words("cp", f"{box}:/there/d/sub/g", "-"), capture_output=True, check=True).stdout
    assert b"g\n" in stream


def test_two_containers_or_none_are_refused(cli: Cli, box: str) -> None:
    assert "both are in containers" in refused(cli, f"{box}:/d", f"{box}:/e")
    assert "neither" in refused(cli, "/etc", "/tmp")
    assert "nobody" in refused(cli, "nobody:/etc", "/tmp/x")


def test_diff_names_what_the_container_changed(cli: Cli, box: str) -> None:
    lines = cli.ok("diff", box).splitlines()
    assert {"A /d", "A /d/f", "A /d/sub/g", "A /file", "A /alias"} <= set(lines)
