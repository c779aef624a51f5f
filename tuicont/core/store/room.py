"""Room on the disk that is taken while there is some, so that a database can be opened, and what frees room be
recorded, when there is none.

Knows SQLite's files beside a database in WAL mode (sqlite.org/walformat.html) and the bytes on which it locks, and
nothing of what is in them: zeroes in both files mean nothing to whoever opens the database.

By itself SQLite makes both files anew whenever somebody is the first to open, and removes them when the last closes. A
container that fills the disk would have the blocks in between, at any moment. So SQLite is shown another user of the
database, and neither cuts the index nor removes the files: an open file description lock (fcntl(2), F_OFD_SETLK), which
conflicts with the locks of SQLite even within one process.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from tuicont.core.sys.record_locks import lock_byte

SHARED_MEMORY = 32 << 10
"""The first part of the index (-shm), mapped into memory: on blocks that are not there a write to it is a SIGBUS."""
LOG = 512 << 10
"""Of the write-ahead log (-wal): some forty transactions."""
RESERVE = 1 << 20
"""Given up for what else must be written."""
_SCARCE_BYTES, _SCARCE_INODES = 8 * RESERVE, 64
_INDEX_IN_USE = 128
"""The byte of the index that its users hold a shared lock on: the last of the locks that the format has there."""
_DATABASE_IN_USE = 0x40000002
"""The first of the bytes of the database that its users hold shared (sqlite.org/fileformat.html, the lock-byte page):
the last to close must have it alone."""


class Room:
    """That of the database at `path`."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._log, self._index, self._reserve = f"{path}-wal", f"{path}-shm", f"{path}.reserve"
        self._held: int | None = None

    def keep(self) -> None:
        """Take it, as far as there is any: the reserve only where much is left."""
        with contextlib.suppress(OSError):
            _allocate(self._log, LOG)
        with contextlib.suppress(OSError):
            if not self.is_scarce():
                _allocate(self._reserve, RESERVE)

    def give_up(self) -> bool:
        """Give up the reserve; whether there was one."""
        try:
            os.truncate(self._reserve, 0)  # what is unlinked, xfs frees a little later
            os.unlink(self._reserve)
        except OSError:
            return False
        return True

    def hold(self) -> None:
        """Before the database is opened: the index is used, and so stays as it is until `let_go`."""
        if self._held is None:
            with contextlib.suppress(OSError):
                self._held = _use(self._index)

    @contextlib.contextmanager
    def left_in_place(self) -> Iterator[None]:
        """While the database is closed: the files beside it stay."""
        lock = None
        with contextlib.suppress(OSError):
            lock = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
            lock_byte(lock, _DATABASE_IN_USE, shared=True)
        try:
            yield
        finally:
            if lock is not None:
                os.close(lock)
            self.let_go()

    def let_go(self) -> None:
        """After the database was closed. May be repeated."""
        if self._held is not None:
            os.close(self._held)
            self._held = None

    def is_scarce(self) -> bool:
        try:
            space = os.statvfs(os.path.dirname(self._path))
        except OSError:
            return False
        # Btrfs has no number of inodes: it says zero of zero.
        few_inodes = space.f_files > 0 and space.f_favail < _SCARCE_INODES
        return few_inodes or space.f_bavail * space.f_frsize < _SCARCE_BYTES


def _use(index: str) -> int:
    """Be one of its users. What nobody uses may be left over from before a power cut: it is zeroed, where SQLite would
    cut it, so that the log is read anew."""
    descriptor = os.open(index, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        with contextlib.suppress(BlockingIOError):
            lock_byte(descriptor, _INDEX_IN_USE)
            if not _has(descriptor, SHARED_MEMORY):
                os.posix_fallocate(descriptor, 0, SHARED_MEMORY)
            os.pwrite(descriptor, bytes(SHARED_MEMORY), 0)
        lock_byte(descriptor, _INDEX_IN_USE, shared=True)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _has(file: str | int, size: int) -> bool:
    """Whether its room is there. On a full disk xfs refuses to allocate even what is allocated."""
    return os.stat(file).st_blocks * 512 >= size


def _allocate(path: str, size: int) -> None:
    """posix_fallocate(3): what is there stays, and is never cut. A file without its room is not left behind."""
    existed = os.path.exists(path)
    if existed and _has(path, size):
        return
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        os.posix_fallocate(descriptor, 0, size)
    except OSError:
        if not existed:
            os.unlink(path)
        raise
    finally:
        os.close(descriptor)
