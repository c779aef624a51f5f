"""A copy of a whole directory tree: with everything that it has, and nothing that it has not.

Knows no layout. Works on directory descriptors and follows no link, so that nothing in a tree can lead the copy out of
it. Only two directories are open at a time, however deep a tree is: the way up is "..", and what is found there has to
be what was left.
"""

from __future__ import annotations

import errno
import os
import stat
from typing import NamedTuple

from tuicont.core.files import contents
from tuicont.core.files.attributes import dress, entry_path, strip_inherited, xattrs
from tuicont.core.files.regular import Refused, open_regular

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
# Fifteen names are never longer than a path may be.
_NAMES_AT_ONCE = 15


def copy_tree(source: str, target: str) -> None:
    """Make the directory `target` a copy of the directory `source`.

    Kept are types, owners, modes, times to the nanosecond, device numbers, extended attributes (user, trusted, access
    control lists, capabilities), hard links within the tree and holes; contents share their blocks where the file
    system can (reflink). The caller's umask does not matter. Raises `OSError` with the path below `source`; what was
    copied until then stays.
    """
    source_fd = os.open(source, _DIRECTORY)
    try:
        os.mkdir(target, 0o700)
        target_fd = os.open(target, _DIRECTORY)
        try:
            copier = _Copier(target_fd)
            try:
                copier.run(source_fd, target_fd)
            except OSError as error:
                raise OSError(error.errno, error.strerror, f"{source}/{copier.path()}") from None
        finally:
            os.close(target_fd)
    finally:
        os.close(source_fd)


class _Place(NamedTuple):
    """A name below another place; the root of the tree is None."""

    above: _Place | None
    name: str


class _Level(NamedTuple):
    """A directory that is being copied: its source's lstat, its target's identity, and what is still to be entered."""

    place: _Place | None
    info: os.stat_result
    target: os.stat_result
    waiting: list[str]


class _Copier:
    """One copy. `_source` and `_target` are open where it is."""

    def __init__(self, top_fd: int) -> None:
        self._top = top_fd
        self._source = self._target = -1
        self._share = True
        self._place: _Place | None = None
        self._name = ""
        self._first: dict[tuple[int, int], _Place] = {}

    def path(self) -> str:
        """Where the copy is, for an error."""
        return "/".join((*_names(self._place), self._name))

    def run(self, source_fd: int, target_fd: int) -> None:
        """Copy everything of a directory into another, which is empty."""
        try:
            self._source, self._target = os.dup(source_fd), os.dup(target_fd)
            strip_inherited(self._target)
            levels = [self._entered(None)]
            while levels:
                level = levels[-1]
                if level.waiting:
                    self._descend(level.waiting.pop())
                    levels.append(self._entered(self._place))
                    continue
                self._finish(level)
                levels.pop()
                if levels:
                    self._ascend(levels[-1])
        finally:
            for fd in (self._source, self._target):
                if fd >= 0:
                    os.close(fd)

    def _entered(self, place: _Place | None) -> _Level:
        """Copy all but the directories of the directory that is open."""
        level = _Level(place, os.fstat(self._source), os.fstat(self._target), [])
        with os.scandir(self._source) as entries:
            for entry in entries:
                self._name = entry.name
                if entry.is_dir(follow_symlinks=False):
                    level.waiting.append(entry.name)
                elif entry.is_file(follow_symlinks=False):
                    self._copy_file(entry.name)
                else:
                    self._copy_other(entry.name)
        self._name = ""
        return level

    def _descend(self, name: str) -> None:
        self._name = name
        os.mkdir(name, 0o700, dir_fd=self._target)
        self._go(name)
        self._place, self._name = _Place(self._place, name), ""

    def _ascend(self, above: _Level) -> None:
        self._go("..")
        self._place = above.place
        for fd, expected in ((self._source, above.info), (self._target, above.target)):
            if not os.path.samestat(os.fstat(fd), expected):
                raise _replaced()

    def _go(self, name: str) -> None:
        source = os.open(name, _DIRECTORY, dir_fd=self._source)
        os.close(self._source)
        self._source = source
        target = os.open(name, _DIRECTORY, dir_fd=self._target)
        os.close(self._target)
        self._target = target

    def _finish(self, level: _Level) -> None:
        """What the directory's coming entries would have changed, or would have inherited."""
        dress(self._target, level.info, xattrs(self._source))
        os.utime(self._target, ns=(level.info.st_atime_ns, level.info.st_mtime_ns))

    def _copy_file(self, name: str) -> None:
        try:
            source = open_regular(self._source, name, os.O_NOATIME)
        except Refused:
            raise _replaced() from None
        try:
            info = os.fstat(source)
            if self._linked(name, info):
                return
            target = os.open(name, _NEW_FILE, 0o600, dir_fd=self._target)
            try:
                if info.st_size:
                    self._share = self._share and contents.share(source, target)
                    if not self._share:
                        contents.copy(source, target, info.st_size)
                dress(target, info, xattrs(source))
                os.utime(target, ns=(info.st_atime_ns, info.st_mtime_ns))
            finally:
                os.close(target)
        finally:
            os.close(source)

    def _copy_other(self, name: str) -> None:
        """A link, device, FIFO or socket."""
        info = os.stat(name, dir_fd=self._source, follow_symlinks=False)
        if stat.S_ISREG(info.st_mode) or stat.S_ISDIR(info.st_mode):
            raise _replaced()
        if self._linked(name, info):
            return
        link = stat.S_ISLNK(info.st_mode)
        if link:
            os.symlink(os.readlink(name, dir_fd=self._source), name, dir_fd=self._target)
        else:
            os.mknod(name, stat.S_IFMT(info.st_mode) | 0o600, info.st_rdev, dir_fd=self._target)
        os.chown(name, info.st_uid, info.st_gid, dir_fd=self._target, follow_symlinks=False)
        for attribute, value in xattrs(entry_path(self._source, name)).items():
            os.setxattr(entry_path(self._target, name), attribute, value, follow_symlinks=False)
        if not link:
            os.chmod(name, stat.S_IMODE(info.st_mode), dir_fd=self._target)
        os.utime(name, ns=(info.st_atime_ns, info.st_mtime_ns), dir_fd=self._target, follow_symlinks=False)

    def _linked(self, name: str, info: os.stat_result) -> bool:
        """Make `name` another name of what is copied already, if it is that."""
        if info.st_nlink == 1:
            return False
        here = _Place(self._place, name)
        first = self._first.setdefault((info.st_dev, info.st_ino), here)
        if first is here:
            return False
        directory, path = self._reach(first)
        try:
            os.link(path, name, src_dir_fd=directory, dst_dir_fd=self._target, follow_symlinks=False)
        finally:
            if directory != self._top:
                os.close(directory)
        return True

    def _reach(self, place: _Place) -> tuple[int, str]:
        """A directory of the copy, and the path from there to `place`. Nobody else writes into the copy."""
        names, fd = _names(place), self._top
        while len(names) > _NAMES_AT_ONCE:
            try:
                below = os.open("/".join(names[:_NAMES_AT_ONCE]), _DIRECTORY, dir_fd=fd)
            finally:
                if fd != self._top:
                    os.close(fd)
            fd, names = below, names[_NAMES_AT_ONCE:]
        return fd, "/".join(names)


def _replaced() -> OSError:
    """Something else stands now where the copy has been, or was about to go."""
    return OSError(errno.ESTALE, os.strerror(errno.ESTALE))


def _names(place: _Place | None) -> list[str]:
    names = []
    while place is not None:
        names.append(place.name)
        place = place.above
    return names[::-1]
