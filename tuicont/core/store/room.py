"""Room on the disk that is taken while there is some, so that a database can be opened, and what frees room be
recorded, when there is none.

Knows the names of SQLite's files beside a database in WAL mode (sqlite.org/walformat.html), and nothing of what is in
them: whoever closes a database last removes both, and zeroes in them mean nothing to whoever opens it.
"""

from __future__ import annotations

import contextlib
import os

SHARED_MEMORY = 32 << 10
"""The first part of the index (-shm), mapped into memory: on blocks that are not there a write to it is a SIGBUS."""
LOG = 512 << 10
"""Of the write-ahead log (-wal): some forty transactions."""
RESERVE = 1 << 20
"""Given up for what else must be written."""


class Room:
    """That of the database at `path`."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._reserve = f"{path}.reserve"

    def keep(self) -> None:
        """Take it, as far as there is any: the reserve only where much is left."""
        for name, size in ((f"{self._path}-shm", SHARED_MEMORY), (f"{self._path}-wal", LOG)):
            with contextlib.suppress(OSError):
                _allocate(name, size)
        with contextlib.suppress(OSError):
            space = os.statvfs(os.path.dirname(self._path))
            if space.f_bavail * space.f_frsize >= 8 * RESERVE:
                _allocate(self._reserve, RESERVE)

    def give_up(self) -> bool:
        """Give up the reserve; whether there was one."""
        try:
            os.unlink(self._reserve)
        except OSError:
            return False
        return True


def _allocate(path: str, size: int) -> None:
    """posix_fallocate(3): what is there stays, and is never cut. A file without its room is not left behind."""
    existed = os.path.exists(path)
    if existed and os.stat(path).st_blocks * 512 >= size:
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
