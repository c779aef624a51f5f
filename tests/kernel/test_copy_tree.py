"""A tree is copied with everything that it has, and the copy never leaves it."""

from __future__ import annotations

import contextlib
import errno
import os
import resource
import socket
import struct
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.file_systems import REFLINKING, on
from tests.portrait import portrait
from tuicont.core.files import contents
from tuicont.core.files.copy import copy_tree
from tuicont.core.files.trees import remove_tree

# capabilities(7), "File capabilities": cap_net_bind_service=ep.
CAPABILITY = struct.pack("<5I", 0x02000001, 1 << 10, 0, 0, 0)
# acl(5) as linux/posix_acl_xattr.h has it: user::rwx user:7:r-x group::r-x mask::r-x other::---
ACCESS_LIST = struct.pack(
    "<I" + "HHI" * 5,
    *(2, 0x01, 7, 0xFFFFFFFF, 0x02, 5, 7, 0x04, 5, 0xFFFFFFFF, 0x10, 5, 0xFFFFFFFF, 0x20, 0, 0xFFFFFFFF),
)
# Before Linux 6.6 tmpfs has no attributes of users.
ELSEWHERE = [pytest.param("tmpfs", marks=pytest.mark.host_only), *REFLINKING]
OLD = 1_000_000_000_123_456_789


def everything(root: Path) -> None:
    """A tree with one of each thing that a tree can hold."""
    root.mkdir()
    (root / "plain").write_bytes(b"contents")
    (root / "empty").touch()
    (root / "setuid").write_bytes(b"#!")
    os.chown(root / "setuid", 1000, 2000)
    os.setxattr(root / "setuid", "security.capability", CAPABILITY)
    os.chmod(root / "setuid", 0o6751)
    os.setxattr(root / "plain", "user.note", b"kept\0whole")
    os.setxattr(root / "plain", "trusted.note", b"too")
    os.setxattr(root / "empty", "system.posix_acl_access", ACCESS_LIST)
    (root / "link").symlink_to("/etc/passwd")
    os.setxattr(root / "link", "trusted.note", b"of a link", follow_symlinks=False)
    os.chown(root / "link", 5, 6, follow_symlinks=False)
    (root / "dangling").symlink_to("nowhere")
    os.mkfifo(root / "pipe", 0o640)
    os.mknod(root / "null", 0o020666, os.makedev(1, 3))
    os.mknod(root / "disk", 0o060600, os.makedev(7, 200))
    os.mknod(root / "whiteout", 0o020000, 0)
    os.chmod(root / "null", 0o666)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(root / "socket"))
    (root / "closed/below").mkdir(parents=True)
    (root / "closed/below/secret").write_bytes(b"s" * 5000)
    os.setxattr(root / "closed", "system.posix_acl_default", ACCESS_LIST)
    os.setxattr(root / "closed", "user.note", b"of a directory")
    os.chown(root / "closed", 3, 4)
    os.chmod(root / "closed/below", 0o000)
    (root / "shared").mkdir()
    os.chmod(root / "shared", 0o3777)
    for name in ("a", "shared/b", "closed/below/c"):
        os.link(root / "plain", root / name)
    os.link(root / "link", root / "shared/link", follow_symlinks=False)
    os.link(root / "pipe", root / "shared/pipe")
    (root / os.fsdecode(b"\xff\xfe name\n")).write_bytes(b"n")
    for path in ("plain", "link", "pipe", "null", "closed/below", "closed", ""):
        os.utime(root / path, ns=(OLD + 1, OLD), follow_symlinks=False)


@pytest.mark.parametrize("kind", ["here", *ELSEWHERE])
def test_everything_that_a_tree_has_is_kept(kind: str, tmp_path: Path) -> None:
    def copied(place: Path) -> None:
        everything(place / "tree")
        copy_tree(str(place / "tree"), str(place / "copy"))
        for name in ("", "plain", "closed", "link", "pipe"):
            assert os.lstat(place / "copy" / name).st_atime_ns == OLD + 1
        assert portrait(place / "copy") == portrait(place / "tree")
        assert os.stat(place / "copy/plain").st_nlink == 4

    if kind == "here":
        copied(tmp_path)
    else:
        on(kind, tmp_path, copied)


@pytest.mark.parametrize("umask", [0o000, 0o077, 0o777])
def test_the_umask_does_not_matter(tmp_path: Path, umask: int) -> None:
    everything(tmp_path / "tree")
    before = os.umask(umask)
    try:
        copy_tree(str(tmp_path / "tree"), str(tmp_path / "copy"))
    finally:
        os.umask(before)
    assert portrait(tmp_path / "copy") == portrait(tmp_path / "tree")


def test_what_the_directory_around_it_gives_its_children_is_not_taken_on(tmp_path: Path) -> None:
    everything(tmp_path / "tree")
    around = tmp_path / "around"
    around.mkdir()
    os.setxattr(around, "system.posix_acl_default", ACCESS_LIST)
    os.chown(around, 0, 77)
    os.chmod(around, 0o2777)
    copy_tree(str(tmp_path / "tree"), str(around / "copy"))
    assert portrait(around / "copy") == portrait(tmp_path / "tree")


def test_two_trees_that_share_a_file_share_none_in_their_copies(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree/file").write_text("one")
    os.link(tmp_path / "tree/file", tmp_path / "outside")
    copy_tree(str(tmp_path / "tree"), str(tmp_path / "copy"))
    (tmp_path / "copy/file").write_text("two")
    assert (tmp_path / "outside").read_text() == "one"
    assert os.stat(tmp_path / "copy/file").st_nlink == 1


def immutable(path: Path, flag: str) -> None:
    done = subprocess.run(["chattr", flag, str(path)], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"no such attribute here: {done.stderr.strip()}")


def test_what_cannot_be_changed_can_be_changed_in_the_copy(tmp_path: Path) -> None:
    (tmp_path / "tree/d").mkdir(parents=True)
    (tmp_path / "tree/d/file").write_text("x")
    immutable(tmp_path / "tree/d/file", "+i")
    immutable(tmp_path / "tree/d", "+a")
    try:
        copy_tree(str(tmp_path / "tree"), str(tmp_path / "copy"))
        (tmp_path / "copy/d/file").write_text("y")
        (tmp_path / "copy/d/file").unlink()
    finally:
        remove_tree(str(tmp_path / "tree"))


def sparse(path: Path) -> None:
    """A mebibyte of nothing, a little, a gibibyte of nothing, a little, and nothing to the end."""
    with open(path, "wb") as file:
        for offset in (1 << 20, 1 << 30):
            file.seek(offset)
            file.write(b"data" * 2000)
        file.truncate(3 << 30)


@pytest.mark.parametrize("kind", ["here", "tmpfs", *REFLINKING])
def test_holes_stay_holes(kind: str, tmp_path: Path) -> None:
    def copied(place: Path) -> None:
        (place / "tree").mkdir()
        sparse(place / "tree/file")
        copy_tree(str(place / "tree"), str(place / "copy"))
        info = os.stat(place / "copy/file")
        assert info.st_size == 3 << 30
        assert info.st_blocks * 512 < 1 << 20
        with open(place / "copy/file", "rb") as file:
            for offset in (1 << 20, 1 << 30):
                file.seek(offset - 1)
                assert file.read(8002) == b"\0" + b"data" * 2000 + b"\0"

    if kind == "here":
        copied(tmp_path)
    else:
        on(kind, tmp_path, copied)


@pytest.mark.parametrize("kind", REFLINKING)
def test_where_blocks_can_be_shared_a_copy_takes_none(kind: str, tmp_path: Path) -> None:
    def copied(place: Path) -> tuple[int, bytes]:
        (place / "tree").mkdir()
        (place / "tree/large").write_bytes(os.urandom(1 << 20) * 24)
        os.sync()
        before = os.statvfs(place)
        copy_tree(str(place / "tree"), str(place / "copy"))
        os.sync()
        after = os.statvfs(place)
        with open(place / "copy/large", "r+b") as file:
            file.write(b"mine")
        with open(place / "tree/large", "rb") as file:
            kept = file.read(4)
        with open(place / "tree/large", "rb") as file:
            file.seek(1 << 20)
            assert file.read(4) == kept
        return (before.f_bfree - after.f_bfree) * before.f_frsize, kept

    taken, kept = on(kind, tmp_path, copied)
    assert taken < 2 << 20
    assert kept != b"mine"


@pytest.mark.host_only
def test_between_two_file_systems_everything_is_kept_as_well(tmp_path: Path) -> None:
    def copied(place: Path) -> None:
        everything(tmp_path / "tree")
        copy_tree(str(tmp_path / "tree"), str(place / "copy"))
        assert portrait(place / "copy") == portrait(tmp_path / "tree")

    on("tmpfs", tmp_path, copied)


def nested(directory: Path, depth: int, each: Callable[[int, int], None]) -> None:
    """Directories in directories; `each` is told of every one, by number and descriptor."""
    here = os.open(directory, os.O_RDONLY)
    for number in range(depth):
        os.mkdir("d" * 200, dir_fd=here)
        below = os.open("d" * 200, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
        each(number, here)
    os.close(here)


@contextlib.contextmanager
def few_descriptors(count: int) -> Iterator[None]:
    """At most `count` more than are open now."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    highest = max(int(name) for name in os.listdir("/proc/self/fd"))
    resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 1 + count, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_a_tree_deeper_than_any_path_is_copied_with_few_descriptors(tmp_path: Path) -> None:
    """With files at the bottom and half way down that are one and the same."""
    (tmp_path / "tree").mkdir()
    first = -1

    def fill(number: int, fd: int) -> None:
        nonlocal first
        if number in (0, 700, 1999):
            if first < 0:
                first = os.dup(fd)
                os.close(os.open("file", os.O_WRONLY | os.O_CREAT, dir_fd=fd))
            else:
                os.link("file", "file", src_dir_fd=first, dst_dir_fd=fd)
            os.fchmod(fd, 0o701)

    nested(tmp_path / "tree", 2000, fill)
    os.close(first)
    with few_descriptors(10):
        copy_tree(str(tmp_path / "tree"), str(tmp_path / "copy"))
    seen = []
    here = os.open(tmp_path / "copy", os.O_RDONLY)
    for number in range(2000):
        below = os.open("d" * 200, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
        if "file" in os.listdir(here):
            seen.append((number, os.fstat(here).st_mode & 0o777, os.stat("file", dir_fd=here).st_ino))
    os.close(here)
    assert [(number, mode) for number, mode, _ in seen] == [(0, 0o701), (700, 0o701), (1999, 0o701)]
    assert len({inode for _, _, inode in seen}) == 1
    for name in ("tree", "copy"):
        remove_tree(str(tmp_path / name))


def test_a_tree_that_others_change_meanwhile_leads_nowhere_else(tmp_path: Path) -> None:
    """A directory takes turns with a link that leads out, and with being elsewhere, while it is copied repeatedly."""
    outside = tmp_path / "outside"
    (outside / "d/e/f").mkdir(parents=True)
    for place in (outside, outside / "d", outside / "d/e"):
        (place / "secret").write_text("secret")
    tree = tmp_path / "tree"
    (tree / "d/e/f").mkdir(parents=True)
    for number in range(8):
        (tree / f"d/e/f/{number}").write_text("x")
    for number in range(8):
        # Beside what is moved out of the tree, and beside where it is moved to.
        (tree / f"d/next{number}").mkdir()
        (outside / f"next{number}").mkdir()
        (outside / f"next{number}/secret").write_text("secret")
    (tmp_path / "way").symlink_to(outside / "d")
    (tmp_path / "file-way").symlink_to(outside / "secret")
    (tree / "d/e/one").write_text("x")
    over = threading.Event()

    def change() -> None:
        while not over.is_set():
            os.rename(tree / "d", tmp_path / "aside")
            os.rename(tmp_path / "way", tree / "d")
            os.rename(tree / "d", tmp_path / "way")
            os.rename(tmp_path / "aside", tree / "d")
            os.rename(tree / "d/e", outside / "elsewhere")
            os.rename(outside / "elsewhere", tree / "d/e")
            os.rename(tree / "d/e/one", tmp_path / "aside")
            os.rename(tmp_path / "file-way", tree / "d/e/one")
            os.rename(tree / "d/e/one", tmp_path / "file-way")
            os.rename(tmp_path / "aside", tree / "d/e/one")

    thread = threading.Thread(target=change)
    thread.start()
    outcomes: set[int | None] = set()
    try:
        for _ in range(100):
            try:
                copy_tree(str(tree), str(tmp_path / "copy"))
                outcomes.add(0)
            except OSError as error:
                outcomes.add(error.errno)
            names = {name for _, directories, files in os.walk(tmp_path / "copy") for name in directories + files}
            assert "secret" not in names
            for path, _, files in os.walk(tmp_path / "copy"):
                for name in files:
                    if not os.path.islink(f"{path}/{name}"):
                        assert Path(path, name).read_text() == "x"
            remove_tree(str(tmp_path / "copy"))
    finally:
        over.set()
        thread.join()
    assert outcomes - {0}, "nothing was ever in the way of a copy"


def test_a_full_disk_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "tree/sub").mkdir(parents=True)
    (tmp_path / "tree/sub/large").write_bytes(bytes(4 << 20))

    def copied(place: Path) -> None:
        with pytest.raises(OSError) as caught:
            copy_tree(str(tmp_path / "tree"), str(place / "copy"))
        assert caught.value.errno == errno.ENOSPC
        assert caught.value.filename == str(tmp_path / "tree/sub/large")

    on("tmpfs", tmp_path, copied, options="size=1m")


def test_a_copy_over_something_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "there").mkdir()
    with pytest.raises(FileExistsError):
        copy_tree(str(tmp_path / "tree"), str(tmp_path / "there"))
    with pytest.raises(FileNotFoundError):
        copy_tree(str(tmp_path / "none"), str(tmp_path / "copy"))
    assert not (tmp_path / "copy").exists()


def test_files_are_compared_to_their_last_byte_and_holes_are_not_read(tmp_path: Path) -> None:
    def compared(first: Path, second: Path) -> bool:
        with open(first, "rb") as one, open(second, "rb") as two:
            return contents.same(one.fileno(), two.fileno(), os.stat(first).st_size)

    one, two = tmp_path / "one", tmp_path / "two"
    sparse(one)
    sparse(two)
    assert compared(one, two)
    with open(two, "r+b") as file:
        file.seek(2 << 30)
        file.write(b"\0")
    assert compared(one, two)
    with open(two, "r+b") as file:
        file.seek((3 << 30) - 1)
        file.write(b"x")
    assert not compared(one, two)
    assert not compared(two, one)
    (tmp_path / "none").touch()
    assert compared(tmp_path / "none", tmp_path / "none")


def test_what_the_kernel_tells_of_extents_is_what_was_written(tmp_path: Path) -> None:
    sparse(tmp_path / "file")
    with open(tmp_path / "file", "rb") as file:
        found = list(contents.extents(file.fileno(), 3 << 30))
        assert len(found) == 2
        for (start, end), offset in zip(found, (1 << 20, 1 << 30), strict=True):
            assert start <= offset
            assert offset + 8000 <= end < offset + (1 << 20)
        assert list(contents.extents(file.fileno(), 1 << 20)) == []
