"""How much a directory tree holds, that others may be changing.

Knows no layout. Works on directory descriptors and never follows a link.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator

import msgspec

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_DEPTH = 200


class Size(msgspec.Struct, frozen=True):
    """`bytes` of file contents, hard-linked ones once; `files` counts everything but directories."""

    bytes: int
    files: int


def measure_tree(path: str, ignored: Callable[[os.stat_result], bool] | None = None) -> Size:
    """What is below the directory `path`, which others may be changing, without the files that are `ignored` by their
    lstat. What lies more than a few hundred levels deep is not counted. Raises `OSError` when `path` itself cannot be
    read."""
    tally = Tally()
    fd = os.open(path, _DIRECTORY)
    try:
        for info in _files(fd, 0):
            if ignored is None or not ignored(info):
                tally.count(info)
    finally:
        os.close(fd)
    return tally.size


class Tally:
    """A sum of files; the contents of one that has several names count once."""

    def __init__(self) -> None:
        self._bytes = self._files = 0
        self._linked: set[tuple[int, int]] = set()

    def count(self, info: os.stat_result) -> None:
        """Add what is no directory, by its lstat."""
        self._files += 1
        if info.st_nlink > 1:
            identity = (info.st_dev, info.st_ino)
            if identity in self._linked:
                return
            self._linked.add(identity)
        if stat.S_ISREG(info.st_mode):
            self._bytes += info.st_size

    @property
    def size(self) -> Size:
        """The sum until now."""
        return Size(self._bytes, self._files)


def _files(fd: int, depth: int) -> Iterator[os.stat_result]:
    with os.scandir(fd) as entries:
        found = list(entries)
    for entry in found:
        try:
            if not entry.is_dir(follow_symlinks=False):
                yield entry.stat(follow_symlinks=False)
                continue
            if depth == _DEPTH:
                continue
            child = os.open(entry.name, _DIRECTORY, dir_fd=fd)
        except (FileNotFoundError, NotADirectoryError):
            continue
        try:
            yield from _files(child, depth + 1)
        finally:
            os.close(child)
