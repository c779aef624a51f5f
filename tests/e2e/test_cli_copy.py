"""`cp` by Docker's rules, in both directions and as a stream; `diff`."""

from __future__ import annotations

import io
import os
import socket
import subprocess
import tarfile
from pathlib import Path

import pytest

from tests.cli import Cli
from tests.kernel.host import eventually

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


def test_only_files_and_directories_of_the_host_are_written_to(cli: Cli, box: str, tmp_path: Path) -> None:
    os.mknod(tmp_path / "null", 0o020666, os.makedev(1, 3))
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "to-null").symlink_to("null")
    for name, kind in {"null": "a character device", "to-null": "a character device", "fifo": "a FIFO"}.items():
        before = os.lstat(tmp_path / name)
        assert f"{name} is {kind}" in refused(cli, f"{box}:/file", f"{tmp_path}/{name}")
        assert os.path.samestat(os.lstat(tmp_path / name), before)
    # /dev/stdout is a link to a link to a pipe.
    assert "is a FIFO" in refused(cli, f"{box}:/file", "/dev/stdout")
    (tmp_path / "d").mkdir()
    os.mkfifo(tmp_path / "d/f")
    assert "'f' is a FIFO here" in refused(cli, f"{box}:/d/.", f"{tmp_path}/d")


def test_a_link_of_the_host_is_written_through(cli: Cli, box: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("old")
    (tmp_path / "d").mkdir()
    for name, target in {"to-file": "file", "to-new": "d/new", "to-d": "d"}.items():
        (tmp_path / name).symlink_to(target)
        cli.ok("cp", f"{box}:/d/f", f"{tmp_path}/{name}")
        assert os.readlink(tmp_path / name) == target
    assert (
        (tmp_path / "file").read_text() == (tmp_path / "d/new").read_text() == (tmp_path / "d/f").read_text() == "f\n"
    )


def test_a_link_in_the_container_is_written_through(cli: Cli, tmp_path: Path) -> None:
    links = "ln -s /d/f to-file; ln -s d/new to-new; ln -s d to-d; ln -s /dev/null to-null"
    script = f"mkdir d; echo old > d/f; {links}; mkfifo pipe; mknod node c 1 3; sleep 1000"
    cli.ok("run", "-d", "--name", "box", "demo", "sh", "-c", f"cd /; {script}")
    eventually(lambda: cli("exec", "box", "ls", "/node").returncode == 0)
    (tmp_path / "one").write_text("1")
    (tmp_path / "two").write_text("2")
    for destination in ("to-file", "to-new", "to-d", "to-d/"):
        cli.ok("cp", f"{tmp_path}/one", f"box:/{destination}")
    cli.ok("cp", f"{tmp_path}/two", "box:/to-d/.")
    assert cli.ok("exec", "box", "sh", "-c", "cd /d; cat f new one two") == "1112"
    assert cli.ok("exec", "box", "ls", "-l", "/to-file", "/to-new", "/to-d").count("->") == 3
    assert "is no directory" in (said := refused(cli, f"{tmp_path}/one", "box:/to-file/")) or "not a directory" in said
    for place, kind in {"/pipe": "a FIFO", "/node": "a character device", "/to-null": "a character device"}.items():
        assert f"box:{place} is {kind}" in refused(cli, f"{tmp_path}/one", f"box:{place}")
    assert cli.ok("exec", "box", "stat", "-c", "%F", "/pipe", "/node", "/dev/null").splitlines() == [
        "fifo",
        "character special file",
        "character special file",
    ]


WHOLE = ["", "/f", "/link", "/sub", "/sub/g"]


@pytest.mark.parametrize(
    ("flags", "source", "arrives"),
    [
        ([], "alias", ["alias"]),
        ([], "alias/", [f"alias{below}" for below in WHOLE]),
        (["-L"], "alias", [f"alias{below}" for below in WHOLE]),
        ([], "alias/.", [below[1:] for below in WHOLE if below]),
    ],
)
def test_a_slash_and_follow_link_ask_for_what_a_link_leads_to_by_the_links_name(
    cli: Cli, box: str, tmp_path: Path, flags: list[str], source: str, arrives: list[str]
) -> None:
    for name in ("out", "back"):
        (tmp_path / name).mkdir()
    cli.ok("cp", *flags, f"{box}:/{source}", f"{tmp_path}/out")
    assert tree(tmp_path / "out") == arrives
    cli.ok("cp", f"{box}:/d", f"{tmp_path}/d")
    (tmp_path / "alias").symlink_to("d")
    cli.ok("cp", *flags, f"{tmp_path}/{source}", f"{box}:/there")
    cli.ok("cp", f"{box}:/there/.", f"{tmp_path}/back")
    assert tree(tmp_path / "back") == arrives


def test_what_is_passed_over_is_said_and_the_rest_copied(cli: Cli, tmp_path: Path) -> None:
    script = "mkdir /d; cd /d; echo 1 > a; mknod null c 1 3; mkfifo pipe; echo 2 > z"
    cli.ok("run", "--name", "box", "demo", "sh", "-c", script)
    done = cli("cp", "box:/d", f"{tmp_path}/d")
    assert done.returncode == 0 and tree(tmp_path / "d") == ["a", "z"]
    assert [line.split(":")[0] for line in done.stderr.splitlines()] == ["left out d/null", "left out d/pipe"]
    assert "is no file, directory or link" in refused(cli, "box:/d/null", f"{tmp_path}/null")
    with socket.socket(socket.AF_UNIX) as unix:
        unix.bind(f"{tmp_path}/d/s")
        done = cli("cp", f"{tmp_path}/d", "box:/e")
    assert done.returncode == 0 and done.stderr == "left out e/s: it is a socket\n"
    stream = subprocess.run(cli.words("cp", "box:/e", "-"), capture_output=True, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(stream)) as archive:
        assert archive.getnames() == ["e", "e/a", "e/z"]


def test_times_are_kept_to_the_nanosecond_there_and_back(cli: Cli, box: str, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("f")
    for time in (1_700_000_000_123_456_789, -1_500_000_001):
        os.utime(tmp_path / "f", ns=(time, time))
        cli.ok("cp", f"{tmp_path}/f", f"{box}:/there/f")
        cli.ok("cp", f"{box}:/there/f", f"{tmp_path}/back")
        assert (tmp_path / "back").stat().st_mtime_ns == time


def test_files_of_the_kernel_come_whole(cli: Cli, tmp_path: Path) -> None:
    cli.ok("run", "-d", "--name", "box", "demo", "sleep", "1000")
    cli.ok("cp", "box:/proc/version", f"{tmp_path}/version")
    assert (tmp_path / "version").read_bytes() == Path("/proc/version").read_bytes()
    cli.ok("cp", "box:/proc/sys/kernel/random/", f"{tmp_path}/random")
    assert (tmp_path / "random/poolsize").read_bytes() == Path("/proc/sys/kernel/random/poolsize").read_bytes()


def test_a_container_that_does_not_run_has_its_volumes(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("f")
    (tmp_path / "ro").mkdir()
    volumes = ("-v", f"{tmp_path}:/vol", "-v", f"{tmp_path}/ro:/ro:ro", "--tmpfs", "/scratch")
    cli.ok("create", "--name", "box", *volumes, "demo", "true")
    cli.ok("cp", "box:/vol/f", f"{tmp_path}/g")
    cli.ok("cp", f"{tmp_path}/f", "box:/vol/h")
    assert (tmp_path / "g").read_text() == (tmp_path / "h").read_text() == "f"
    for place in ("/ro", "/scratch"):
        assert "read-only" in refused(cli, f"{tmp_path}/f", f"box:{place}")
    assert os.listdir(tmp_path / "ro") == []


def test_diff_names_what_the_container_changed(cli: Cli, box: str) -> None:
    lines = cli.ok("diff", box).splitlines()
    assert {"A /d", "A /d/f", "A /d/sub/g", "A /file", "A /alias"} <= set(lines)


def test_a_link_is_not_copied_over_what_a_link_on_the_host_leads_to(cli: Cli, tmp_path: Path) -> None:
    """Of two copies of a link the second would replace the host's own file, as Docker's does."""
    file = tmp_path / "program"
    file.write_text("the host's own")
    cli.ok("create", "--name", "linked", "demo", "true")
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "link").symlink_to(file)
    cli.ok("cp", str(tmp_path / "made" / "link"), "linked:/link")
    for _ in range(2):
        cli.ok("cp", "linked:/link", str(tmp_path / "copied"))
    assert os.readlink(tmp_path / "copied") == str(file)
    assert not file.is_symlink() and file.read_text() == "the host's own"
