"""Whatever a container left is removed, and nothing else is."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.file_systems import REFLINKING, on
from tests.support import require
from tuicont.core.files.trees import remove_tree
from tuicont.core.sys.mounts import MS_BIND, MS_RDONLY, MS_REMOUNT, in_private_namespace, mount


def descend(directory: int, depth: int, name: str, last: Callable[[int], None]) -> None:
    """Make directories in directories; `last` is told of the deepest. Closes `directory`."""
    for _ in range(depth):
        os.mkdir(name, dir_fd=directory)
        below = os.open(name, os.O_RDONLY, dir_fd=directory)
        os.close(directory)
        directory = below
    last(directory)
    os.close(directory)


def btrfs(*arguments: str, directory: int) -> None:
    subprocess.run(
        ["btrfs", "subvolume", *arguments], cwd=f"/proc/self/fd/{directory}", check=True, capture_output=True
    )


@pytest.mark.parametrize("kind", ["here", "tmpfs", *REFLINKING])
def test_a_tree_deeper_than_any_path_is_removed(kind: str, tmp_path: Path) -> None:
    def removed(place: Path) -> None:
        (place / "tree").mkdir()

        def file(fd: int) -> None:
            os.close(os.open("file", os.O_WRONLY | os.O_CREAT, dir_fd=fd))

        descend(os.open(place / "tree", os.O_RDONLY), 1000, "d" * 100, file)
        remove_tree(str(place / "tree"))
        assert not (place / "tree").exists()

    if kind == "here":
        removed(tmp_path)
    else:
        on(kind, tmp_path, removed)


@pytest.mark.host_only
def test_subvolumes_are_removed_however_they_are_nested_and_protected(tmp_path: Path) -> None:
    """Anybody may make subvolumes of btrfs, and read-only snapshots of them, from within a container whose root is a
    directory of one."""
    require("btrfs")

    def removed(place: Path) -> None:
        (place / "tree").mkdir()
        (place / "beside").mkdir()
        (place / "beside/precious").write_text("p")

        def nest(level: int) -> Callable[[int], None]:
            def fill(fd: int) -> None:
                os.close(os.open("file", os.O_WRONLY | os.O_CREAT, dir_fd=fd))
                if level:
                    btrfs("create", "inner", directory=fd)
                    descend(os.open("inner", os.O_RDONLY, dir_fd=fd), 60, f"{level}", nest(level - 1))
                    btrfs("snapshot", "-r", "inner", "kept", directory=fd)

            return fill

        descend(os.open(place / "tree", os.O_RDONLY), 60, "d", nest(4))
        remove_tree(str(place / "tree"))
        assert os.listdir(place) == ["beside"]
        assert (place / "beside/precious").read_text() == "p"
        shown = subprocess.run(["btrfs", "subvolume", "list", str(place)], check=True, capture_output=True, text=True)
        assert shown.stdout == ""

    on("btrfs", tmp_path, removed)


@pytest.mark.parametrize("kind", ["tmpfs", pytest.param("btrfs", marks=pytest.mark.host_only)])
def test_what_is_mounted_in_a_tree_is_no_part_of_it(kind: str, tmp_path: Path) -> None:
    """The top of btrfs looks as that of a subvolume does."""

    def refused(place: Path) -> None:
        (place / "precious").write_text("p")
        for where in ("tree", "tree/deeper"):
            (tmp_path / where).mkdir(exist_ok=True)
            (tmp_path / where / "mounted").mkdir()
            mount(str(place), str(tmp_path / where / "mounted"), "", MS_BIND, "")
            with pytest.raises(OSError) as caught:
                remove_tree(str(tmp_path / "tree"))
            assert caught.value.errno == errno.EBUSY
            assert (place / "precious").read_text() == "p"

    on(kind, tmp_path, refused)
    remove_tree(str(tmp_path / "tree"))
    assert not (tmp_path / "tree").exists()


def test_a_read_only_file_system_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "tree/d").mkdir(parents=True)

    def run() -> int | None:
        mount(str(tmp_path), str(tmp_path), "", MS_BIND, "")
        mount("", str(tmp_path), "", MS_BIND | MS_REMOUNT | MS_RDONLY, "")
        with pytest.raises(OSError) as caught:
            remove_tree(str(tmp_path / "tree"))
        return caught.value.errno

    assert in_private_namespace(run) == errno.EROFS
