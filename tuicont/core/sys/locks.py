"""flock(2): a lock that lives as long as the open file, so that a process killed at any moment lets go of it."""

from __future__ import annotations

import fcntl


def lock(fd: int, *, shared: bool = False) -> None:
    """Wait for the lock of the file or directory open as `fd`."""
    fcntl.flock(fd, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)


def try_lock(fd: int, *, shared: bool = False) -> bool:
    """Take the lock if that can be done at once; whether it was."""
    try:
        fcntl.flock(fd, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
