"""Whoever calls, and whoever made the root directory first: what the engine keeps is closed to others, and what a
container is given is as its specification says."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.image_home import HELLO, docker_archive, tar_of, write

pytestmark = pytest.mark.host_only  # starts of Python, which emulation makes slow

SECRET = "TOKEN=only-for-root"


def tuicont(root: Path, umask: int, *words: str) -> str:
    command = [sys.executable, "-m", "tuicont", "--root", str(root), *words]
    done = subprocess.run(command, capture_output=True, text=True, umask=umask, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def open_to_others(directory: Path) -> Iterator[Path]:
    """What somebody else could read, write or enter below a directory that he can enter."""
    for path in directory.iterdir():
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            continue
        if mode & 0o077:
            yield path
        if stat.S_ISDIR(mode) and mode & 0o011:
            yield from open_to_others(path)


@pytest.mark.parametrize("storage", ["overlay", "vfs"])
def test_nothing_that_is_kept_is_open_to_others(tmp_path: Path, storage: str) -> None:
    root = tmp_path / "root"
    root.mkdir()
    root.chmod(0o755)
    tuicont(root, 0, "--storage-driver", storage, "run", "-d", "--name", "c", "-e", SECRET, "demo", "sleep", "1000")
    try:
        tuicont(root, 0, "exec", "c", "sh", "-c", "umask 0; echo said; touch /made")
        assert list(open_to_others(root)) == []
    finally:
        tuicont(root, 0, "rm", "-f", "c")
    assert list(open_to_others(root)) == []


@pytest.mark.parametrize("storage", ["overlay", "vfs"])
def test_nothing_that_is_made_depends_on_the_umask(tmp_path: Path, storage: str) -> None:
    """Neither what the engine keeps, nor the layers and the root of a container."""
    archive = write(tmp_path / "made.tar", docker_archive(HELLO, tar_of(("d/file", b"x"))))
    found = []
    for umask in (0o000, 0o027, 0o077):
        root = tmp_path / f"{umask:03o}"
        options = ("--storage-driver", storage)
        tuicont(root, umask, *options, "load", "-q", "-i", archive)
        container = tuicont(root, umask, *options, "create", "made").strip()
        tuicont(root, umask, *options, "cp", f"{container}:/hello", str(tmp_path / f"out-{umask}"))
        found.append(
            {
                str(path.relative_to(root)).replace(container, "ID"): oct(path.lstat().st_mode)
                for path in root.rglob("*")
            }
        )
        tuicont(root, umask, "rm", container)
    assert found[0] == found[1] == found[2]


def test_a_container_is_given_files_that_its_users_can_read(tmp_path: Path) -> None:
    said = tuicont(
        tmp_path / "root", 0o777, "run", "--rm", "-u", "1000:1000", "demo", "cat", "/etc/hostname", "/etc/hosts"
    )
    assert "localhost" in said
    assert tuicont(tmp_path / "root", 0o777, "run", "--rm", "demo", "sh", "-c", "umask") == "0022\n"


def test_a_database_that_was_open_to_others_is_closed(tmp_path: Path) -> None:
    root = tmp_path / "root"
    tuicont(root, 0o022, "ps")
    os.chmod(root / "tuicont.db", 0o644)
    tuicont(root, 0o022, "ps")
    assert stat.S_IMODE((root / "tuicont.db").stat().st_mode) == 0o600
