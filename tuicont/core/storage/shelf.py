"""Directories that are there whole or not at all, whenever their maker is killed.

Knows nothing of layers and snapshots. A directory is filled as `NAME.RANDOM.tmp`, locked (flock(2)) as long as its
maker lives, and then renamed. One that is not locked is nobody's any more.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial

from tuicont.core.errors import NO_ROOM
from tuicont.core.files.trees import remove_tree
from tuicont.core.sys.kernel import Kernel
from tuicont.core.sys.locks import lock, try_lock
from tuicont.core.sys.syncfs import syncfs

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_IN_WORK = re.compile(r"(.+)\.[0-9a-f]+\.tmp")


class Shelf:
    """The directories in `directory`, which the caller makes. `discard` takes a tree away, at once or out of sight.
    Everything raises `OSError`."""

    def __init__(self, kernel: Kernel, directory: str, discard: Callable[[str], None] = remove_tree) -> None:
        self._kernel = kernel
        self._directory = directory
        self._discard = discard

    def path(self, name: str) -> str:
        """Where `name` is, if it is there."""
        return f"{self._directory}/{name}"

    def has(self, name: str) -> bool:
        """Whether `name` is there, whole."""
        return self._kernel.exists(self.path(name))

    def add(self, name: str, fill: Callable[[str], None], *, lasting: bool = False) -> bool:
        """Let `fill` fill a directory that becomes `name`. False when somebody else's was there first. With `lasting`
        a power cut does not take away what has got its name either."""
        with self.in_work(name) as place:
            fill(place)
            if lasting:
                self._kernel.whole("syncfs", place, partial(syncfs, place))
            try:
                self._kernel.rename(place, self.path(name))
            except OSError as error:
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                    raise
                return False
        return True

    @contextmanager
    def in_work(self, name: str) -> Iterator[str]:
        """A new, empty directory in the name of `name`. What is still there at the end is removed."""
        place = self._work_path(name)
        lock_fd = -1
        try:
            self._kernel.mkdir(place, 0o700)
            lock_fd = os.open(place, _DIRECTORY)
            lock(lock_fd)
            yield place
        finally:
            if os.path.lexists(place):
                self._kernel.whole("remove tree", place, partial(remove_tree, place))
            if lock_fd >= 0:
                os.close(lock_fd)

    def remove(self, name: str) -> None:
        """Remove `name`; one that is not there is no error. It is gone at once, however long its removal takes."""
        doomed = self._work_path(name)
        try:
            self._kernel.rename(self.path(name), doomed)
        except FileNotFoundError:
            return
        except OSError as error:
            if error.errno not in NO_ROOM:
                raise
            # A full disk may have no room for a longer name.
            doomed = self.path(name)
        self._kernel.whole("remove tree", doomed, partial(self._discard, doomed))

    def names(self) -> set[str]:
        """What is there: whole, or left by a maker who is no more."""
        with suppress(FileNotFoundError):
            found = self._kernel.listdir(self._directory)
            return {name for name in found if not _IN_WORK.fullmatch(name) or self._abandoned(name)}
        return set()

    def _work_path(self, name: str) -> str:
        return f"{self.path(named(name))}.{os.urandom(4).hex()}.tmp"

    def _abandoned(self, name: str) -> bool:
        try:
            fd = os.open(self.path(name), _DIRECTORY)
        except OSError:
            return False
        try:
            return try_lock(fd)
        finally:
            os.close(fd)


def named(name: str) -> str:
    """What a directory in work was to become; another name is its own."""
    match = _IN_WORK.fullmatch(name)
    return match[1] if match else name
