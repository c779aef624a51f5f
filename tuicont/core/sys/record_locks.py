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
import time
from collections.abc import Iterator

_FLOCK = struct.Struct("hhqqixxxx")  # struct flock with 64-bit offsets: type, whence, start, len, pid
_F_OFD_SETLK = 37  # uapi/asm-generic/fcntl.h; Python's fcntl module names them from 3.12 on
_OFFSET_DIGITS = 15  # of the hexadecimal name: stays below 2**63


def lock_byte(descriptor: int, offset: int, *, shared: bool = False) -> None:
    """Lock one byte, in place of the lock that this description has there, until every copy of the descriptor is
    closed. Raises `BlockingIOError` when another has it."""
    kind = fcntl.F_RDLCK if shared else fcntl.F_WRLCK
    fcntl.fcntl(descriptor, _F_OFD_SETLK, _FLOCK.pack(kind, os.SEEK_SET, offset, 1, 0))


class RecordLocks:
    """A file whose bytes are locks, named by hexadecimal ids."""

    def __init__(self, path: str) -> None:
        self._path = path

    @contextlib.contextmanager
    def attempt(self, name: str, seconds: float = 0) -> Iterator[bool]:
        """Hold the lock `name` if nobody does, or within `seconds` nobody does any more; yields whether it is held."""
        descriptor: int | None = None
        with contextlib.suppress(TimeoutError):
            descriptor = self.wait(name, seconds)
        try:
            yield descriptor is not None
        finally:
            if descriptor is not None:
                os.close(descriptor)

    def take(self, name: str, *, shared: bool = False) -> int | None:
        """Hold the lock `name` until every copy of the returned descriptor is closed; None when another has it. Any
        number may hold it `shared`, and then nobody otherwise."""
        try:
            return self._acquire(name, shared)
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.EACCES):
                raise
            return None

    def wait(self, name: str, seconds: float, *, shared: bool = False) -> int:
        """`take` it when it is free. Raises `TimeoutError` after `seconds`."""
        # F_OFD_SETLKW has no end of its own, so it is asked for again and again: 0.2 ms later, then less often.
        deadline, delay = time.monotonic() + seconds, 0.0002
        while (descriptor := self.take(name, shared=shared)) is None:
            if time.monotonic() >= deadline:
                raise TimeoutError(f"the lock {name} has been held for {seconds:g} s")
            time.sleep(delay)
            delay = min(delay * 1.3, 0.01)
        return descriptor

    def _acquire(self, name: str, shared: bool) -> int:
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            lock_byte(descriptor, int(name[:_OFFSET_DIGITS], 16), shared=shared)
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor
