"""Whole directory trees that others filled: removed, and measured, without ever following a link.

Knows no layout. Works on directory descriptors, so that nothing in a tree can lead the caller out of it, and
bounds its own depth, so that a tree made to be deep cannot hurt it.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

from tuicont.core.sys.inode_flags import FS_APPEND_FL, FS_IMMUTABLE_FL, get_flags, set_flags

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_DEPTH = 48
_MEASURED_DEPTH = 200


class Size(NamedTuple):
    """`bytes` of file contents, hard-linked ones once; `files` counts everything but directories."""

    bytes: int
    files: int


def remove_tree(path: str) -> None:
    """Remove `path` and all below it; one that is not there is no error. Attributes that make files immutable
    (chattr(1)) are taken off. Raises `OSError`; what it could not remove is then still there."""
    parent, name = os.path.split(path)
    try:
        parent_fd = os.open(parent or ".", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        remove_entry(parent_fd, name)
    except OSError as error:
        raise OSError(error.errno, error.strerror, path) from None
    finally:
        os.close(parent_fd)


def remove_entry(parent_fd: int, name: str) -> None:
    """The same for the entry `name` of an open directory."""
    try:
        fd = os.open(name, _DIRECTORY, dir_fd=parent_fd)
    except FileNotFoundError:
        return
    except OSError as error:
        if error.errno not in (errno.ENOTDIR, errno.ELOOP):
            raise
        _unlink(parent_fd, name)
        return
    try:
        while _empty(fd, fd, 0):
            pass
    finally:
        os.close(fd)
    _rmdir(parent_fd, name)


def _empty(fd: int, top_fd: int, depth: int) -> bool:
    """Empty a directory. Directories below the bound are moved up into `top_fd` instead, and True tells so."""
    moved = False
    with os.scandir(fd) as entries:
        found = [(e.name, e.is_dir(follow_symlinks=False)) for e in entries]
    for name, directory in found:
        if not directory:
            _unlink(fd, name)
        elif depth == _DEPTH:
            _retry(partial(_hoist, fd, name, top_fd), fd, name)
            moved = True
        else:
            child = os.open(name, _DIRECTORY, dir_fd=fd)
            try:
                moved |= _empty(child, top_fd, depth + 1)
            finally:
                os.close(child)
            _rmdir(fd, name)
    return moved


def _hoist(fd: int, name: str, top_fd: int) -> None:
    os.rename(name, os.urandom(12).hex(), src_dir_fd=fd, dst_dir_fd=top_fd)


def _unlink(fd: int, name: str) -> None:
    _retry(partial(os.unlink, name, dir_fd=fd), fd, name)


def _rmdir(fd: int, name: str) -> None:
    _retry(partial(os.rmdir, name, dir_fd=fd), fd, name)


def _retry(action: Callable[[], None], fd: int, name: str) -> None:
    """Do `action`; if it is not permitted, once more after the attributes that forbid it are gone. An entry that
    another process (a shim that cleans up) has removed meanwhile is no error."""
    try:
        action()
    except FileNotFoundError:
        return
    except PermissionError:
        _make_mutable(fd)
        try:
            # Only what has no side effect when it is opened: a device may have.
            if stat.S_IFMT(os.stat(name, dir_fd=fd, follow_symlinks=False).st_mode) not in (stat.S_IFREG, stat.S_IFDIR):
                raise OSError(errno.ENOTSUP, name)
            entry = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=fd)
        except OSError:
            entry = -1
        if entry >= 0:
            try:
                _make_mutable(entry)
            finally:
                os.close(entry)
        action()


def _make_mutable(fd: int) -> None:
    mode = os.fstat(fd).st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        return
    try:
        set_flags(fd, get_flags(fd) & ~(FS_APPEND_FL | FS_IMMUTABLE_FL))
    except OSError:
        return


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
            if depth == _MEASURED_DEPTH:
                continue
            child = os.open(entry.name, _DIRECTORY, dir_fd=fd)
        except (FileNotFoundError, NotADirectoryError):
            continue
        try:
            yield from _files(child, depth + 1)
        finally:
            os.close(child)
