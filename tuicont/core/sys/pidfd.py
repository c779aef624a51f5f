"""pidfd_open(2) and its relations: a process by a descriptor, which never comes to mean another process."""

from __future__ import annotations

import os
import select
import signal


class PidFd:
    """Owns a pidfd and closes it when it is forgotten."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def fileno(self) -> int:
        """The descriptor; it polls readable once the process has ended."""
        return self._fd

    def send(self, number: int) -> bool:
        """pidfd_send_signal(2). False when the process is gone, or this was closed."""
        if self._fd < 0:
            return False
        try:
            signal.pidfd_send_signal(self._fd, number)
        except ProcessLookupError:
            return False
        return True

    def wait(self, timeout: float | None = None) -> bool:
        """Block until the process has ended; False after `timeout` seconds."""
        poll = select.poll()
        poll.register(self._fd, select.POLLIN)
        return bool(poll.poll(None if timeout is None else timeout * 1000))

    def close(self) -> None:
        """May be repeated."""
        fd, self._fd = self._fd, -1  # first, so that no other thread signals what the number stands for next
        if fd >= 0:
            os.close(fd)

    def __del__(self) -> None:
        self.close()
