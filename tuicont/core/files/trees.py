"""Whole directory trees that others filled, removed without ever following a link.

Knows no layout. Works on directory descriptors, so that nothing in a tree can lead the caller out of it, and
bounds its own depth, so that a tree made to be deep cannot hurt it.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from functools import partial

from tuicont.core.files.regular import open_regular
from tuicont.core.sys.inode_flags import FS_APPEND_FL, FS_IMMUTABLE_FL, get_flags, set_flags
from tuicont.core.sys.subvolumes import BTRFS_FIRST_FREE_OBJECTID, BTRFS_SUBVOL_RDONLY
from tuicont.core.sys.subvolumes import get_flags as get_subvolume_flags
from tuicont.core.sys.subvolumes import set_flags as set_subvolume_flags

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_DEPTH = 48


def remove_tree(path: str) -> None:
    """Remove `path` and all below it; one that is not there is no error. Attributes that make files immutable
    (chattr(1)) are taken off, and subvolumes of btrfs are removed, read-only or not. Raises `OSError`, EBUSY where
    something is mounted; what it could not remove is then still there."""
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
        _Emptier(fd).run()
    finally:
        os.close(fd)
    _rmdir(parent_fd, name)


class _Emptier:
    """Empties one directory. What lies too deep is moved up, to be met again: directories to the top of the subvolume
    that they are in, as renames do not lead out of one; subvolumes to the top of the tree."""

    def __init__(self, top_fd: int) -> None:
        self._top = top_fd
        self._moved = False

    def run(self) -> None:
        self._empty_volume(self._top)
        while self._moved:
            self._moved = False
            _rewind(self._top)
            self._empty_volume(self._top)

    def _empty_volume(self, fd: int) -> None:
        """Empty the tree, or a subvolume that stands in its top directory."""
        info = os.fstat(fd)
        if info.st_ino == BTRFS_FIRST_FREE_OBJECTID:
            _make_writable(fd)
        while self._empty(fd, fd, info.st_dev, 0):
            _rewind(fd)

    def _empty(self, fd: int, volume_fd: int, device: int, depth: int) -> bool:
        """Empty a directory, but for what was moved up into `volume_fd`: True tells of that."""
        moved = False
        with os.scandir(fd) as entries:
            found = [(e.name, e.is_dir(follow_symlinks=False)) for e in entries]
        for name, directory in found:
            if not directory:
                _unlink(fd, name)
                continue
            if depth == _DEPTH:
                _hoist(fd, name, volume_fd)
                moved = True
                continue
            child = os.open(name, _DIRECTORY, dir_fd=fd)
            try:
                info = os.fstat(child)
                if info.st_dev == device:
                    moved |= self._empty(child, volume_fd, device, depth + 1)
                elif info.st_ino == BTRFS_FIRST_FREE_OBJECTID:
                    # A read-only one cannot be moved.
                    _make_writable(child)
                    # Refused where it is no subvolume, but mounted here.
                    name = _hoist(fd, name, self._top)
                    if fd != self._top:
                        self._moved = True
                        continue
                    self._empty_volume(child)
                # Else it is mounted here, or stands in a snapshot for what that did not take along, and is empty.
            finally:
                os.close(child)
            _rmdir(fd, name)
        return moved


def _rewind(fd: int) -> None:
    """Let what has come since be listed too: btrfs lists what was there when a directory was opened, or rewound."""
    os.lseek(fd, 0, os.SEEK_SET)


def _hoist(fd: int, name: str, top_fd: int) -> str:
    """Move a directory up; its new name."""
    new = os.urandom(12).hex()
    _retry(partial(os.rename, name, new, src_dir_fd=fd, dst_dir_fd=top_fd), fd, name)
    return new


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
            entry = _open_entry(fd, name)
        except OSError:
            entry = -1
        if entry >= 0:
            try:
                _make_mutable(entry)
            finally:
                os.close(entry)
        action()


def _open_entry(fd: int, name: str) -> int:
    """A descriptor of a directory or a regular file; nothing else is opened."""
    try:
        return os.open(name, _DIRECTORY, dir_fd=fd)
    except NotADirectoryError:
        return open_regular(fd, name)


def _make_mutable(fd: int) -> None:
    mode = os.fstat(fd).st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        return
    try:
        set_flags(fd, get_flags(fd) & ~(FS_APPEND_FL | FS_IMMUTABLE_FL))
    except OSError:
        return


def _make_writable(fd: int) -> None:
    """Let things be removed from a read-only subvolume, if the directory is the top of one."""
    try:
        flags = get_subvolume_flags(fd)
        if flags & BTRFS_SUBVOL_RDONLY:
            set_subvolume_flags(fd, flags & ~BTRFS_SUBVOL_RDONLY)
    except OSError:
        return
