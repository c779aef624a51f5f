"""Locks between threads and processes, by id, that the kernel takes back when their holder dies.

Open file description locks on one byte of one file (fcntl(2), F_OFD_SETLK): no lock files to make,
remove or find stale, and every acquisition has a description of its own, so threads exclude each other
like processes do.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import struct
from collections.abc import Iterator

_FLOCK = struct.Struct("hhqqixxxx")  # struct flock with 64-bit offsets: type, whence, start, len, pid
_F_OFD_SETLK = 37  # uapi/asm-generic/fcntl.h; Python's fcntl module names them from 3.12 on
_F_OFD_SETLKW = 38
_OFFSET_DIGITS = 15  # of the hexadecimal name: stays below 2**63


class RecordLocks:
    """A file whose bytes are locks, named by hexadecimal ids."""

    def __init__(self, path: str) -> None:
        self._path = path

    @contextlib.contextmanager
    def hold(self, name: str, *, shared: bool = False) -> Iterator[int]:
        """Wait for the lock `name` and hold it, and as long as a copy of the descriptor is open elsewhere. Any
        number may hold it `shared`, and then nobody otherwise."""
        descriptor = self._acquire(name, _F_OFD_SETLKW, fcntl.F_RDLCK if shared else fcntl.F_WRLCK)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    @contextlib.contextmanager
    def attempt(self, name: str) -> Iterator[bool]:
        """Hold the lock `name` if nobody does; yields whether it is held."""
        descriptor = self.take(name)
        try:
            yield descriptor is not None
        finally:
            if descriptor is not None:
                os.close(descriptor)

    def take(self, name: str, *, shared: bool = False) -> int | None:
        """Hold the lock `name` until the returned descriptor is closed; None when another has it."""
        try:
            return self._acquire(name, _F_OFD_SETLK, fcntl.F_RDLCK if shared else fcntl.F_WRLCK)
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.EACCES):
                raise
            return None

    def _acquire(self, name: str, command: int, kind: int = fcntl.F_WRLCK) -> int:
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            start = int(name[:_OFFSET_DIGITS], 16)
            fcntl.fcntl(descriptor, command, _FLOCK.pack(kind, os.SEEK_SET, start, 1, 0))
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor
