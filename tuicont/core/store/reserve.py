"""A file that only takes up room, to be given up on a full disk: what frees space must not need any.

Knows nothing of what the room is used for.
"""

from __future__ import annotations

import contextlib
import os

SIZE = 1 << 20
_SCARCE = 256 << 10


class Reserve:
    """The file at `path`, made when there is room enough, and removed when there is nearly none left."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._directory = os.path.dirname(path)

    def keep(self) -> None:
        """Make it, unless it is there or the disk is too full for it."""
        with contextlib.suppress(OSError):
            if os.path.exists(self._path) or self._room() < 8 * SIZE:
                return
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                os.posix_fallocate(descriptor, 0, SIZE)
            finally:
                os.close(descriptor)

    def give_up_when_scarce(self) -> None:
        """Make room, if there is nearly none. A system call when there is enough."""
        with contextlib.suppress(OSError):
            if self._room() < _SCARCE:
                os.unlink(self._path)

    def _room(self) -> int:
        space = os.statvfs(self._directory)
        return space.f_bfree * space.f_frsize
