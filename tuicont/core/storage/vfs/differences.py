"""How a directory tree differs from the one that it was a copy of.

Knows no driver's layout. Works on directory descriptors and follows no link; the tree may belong to a running, hostile
container.

An entry is told from its original by type, mode, owner, device number, time of last change and, except of a directory,
size. That can be made to look untouched: utimensat(2) sets the time back. But nobody sets the time at which the inode
changed (st_ctime): what it says was touched since the copy was whole is looked at to the last byte. Nothing is read of
all else, so that a comparison costs two lstat(2) for each entry. A clock that went back, or a tree that was itself
copied, makes that more or less thorough, never wrong about what it reports.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from itertools import chain
from typing import NamedTuple

from tuicont.core.files import contents
from tuicont.core.files.attributes import entry_path, xattrs
from tuicont.core.files.regular import open_regular

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_DEPTH = 100


class Difference(NamedTuple):
    """One path: "A" added, "C" changed, "D" deleted. `info` is its lstat now; a deleted one has none."""

    kind: str
    path: str
    info: os.stat_result | None

    @property
    def directory(self) -> bool:
        return self.info is not None and stat.S_ISDIR(self.info.st_mode)


def size_of(difference: Difference) -> int:
    """The bytes of a regular file's contents; of all else 0."""
    info = difference.info
    return info.st_size if info is not None and stat.S_ISREG(info.st_mode) else 0


def differences(tree: str, original: str, since_ns: int) -> Iterator[Difference]:
    """What `tree` has, or has no more, that the directory `original` ("" for an empty one) has not or has otherwise, in
    the order of paths; a directory with differences below it counts as changed. `tree` was a whole copy at `since_ns`.
    Deeper than a hundred levels nothing is reported. Raises `OSError`."""
    opened: list[int] = []
    try:
        for path in (tree, original) if original else (tree,):
            opened.append(os.open(path, _DIRECTORY))
        yield from _Comparison(since_ns).directory(opened[0], opened[1] if original else -1, "", 0)
    finally:
        for fd in opened:
            os.close(fd)


class _Comparison:
    """One walk over both trees. A descriptor of -1 is a directory that is not there."""

    def __init__(self, since_ns: int) -> None:
        self._since = since_ns

    def directory(self, fd: int, original: int, path: str, depth: int) -> Iterator[Difference]:
        names = set(os.listdir(fd))
        before = set(os.listdir(original)) if original >= 0 else set()
        for name in sorted(names | before):
            here = f"{path}/{name}"
            info = _look(fd, name) if name in names else None
            was = _look(original, name) if name in before else None
            if info is None:
                if was is not None:
                    yield Difference("D", here, None)
                continue
            kind = "A" if was is None else "" if self._same(fd, original, name, info, was) else "C"
            below: Iterator[Difference] = iter(())
            if stat.S_ISDIR(info.st_mode) and depth < _DEPTH:
                merged = original if was is not None and stat.S_ISDIR(was.st_mode) else -1
                below = self._below(fd, merged, name, here, depth + 1)
            if not kind and (first := next(below, None)) is not None:
                kind, below = "C", chain((first,), below)
            if kind:
                yield Difference(kind, here, info)
            yield from below

    def _below(self, fd: int, original: int, name: str, path: str, depth: int) -> Iterator[Difference]:
        opened: list[int] = []
        try:
            for directory in (fd, original) if original >= 0 else (fd,):
                try:
                    opened.append(os.open(name, _DIRECTORY, dir_fd=directory))
                except OSError:
                    # Replaced since it was looked at: the next comparison tells.
                    return
            yield from self.directory(opened[0], opened[1] if original >= 0 else -1, path, depth)
        finally:
            for opened_fd in opened:
                os.close(opened_fd)

    def _same(self, fd: int, original: int, name: str, info: os.stat_result, was: os.stat_result) -> bool:
        if _shown(info) != _shown(was):
            return False
        directory = stat.S_ISDIR(info.st_mode)
        # One more name: what is to be a link to it elsewhere needs it.
        if not directory and (info.st_size != was.st_size or info.st_nlink > was.st_nlink):
            return False
        return info.st_ctime_ns < self._since or self._equal(fd, original, name, info)

    def _equal(self, fd: int, original: int, name: str, info: os.stat_result) -> bool:
        """Whether an entry that looks as its original does is the same in what cannot be seen so."""
        try:
            if xattrs(entry_path(fd, name)) != xattrs(entry_path(original, name)):
                return False
            if stat.S_ISLNK(info.st_mode):
                return os.readlink(name, dir_fd=fd) == os.readlink(name, dir_fd=original)
            return not stat.S_ISREG(info.st_mode) or _same_contents(fd, original, name, info.st_size)
        except OSError:
            # Removed or replaced since it was looked at.
            return False


def _shown(info: os.stat_result) -> tuple[int, ...]:
    return info.st_mode, info.st_uid, info.st_gid, info.st_rdev, info.st_mtime_ns


def _look(fd: int, name: str) -> os.stat_result | None:
    try:
        return os.stat(name, dir_fd=fd, follow_symlinks=False)
    except FileNotFoundError:
        return None


def _same_contents(fd: int, original: int, name: str, size: int) -> bool:
    opened: list[int] = []
    try:
        for directory in (fd, original):
            opened.append(open_regular(directory, name, os.O_NOATIME))
        return contents.same(opened[0], opened[1], size)
    finally:
        for opened_fd in opened:
            os.close(opened_fd)
