"""The shim processes that this process has started. They live on without it; until then it collects their status."""

from __future__ import annotations

import os
import socket
import threading
from typing import NamedTuple

from tuicont.core.sys import launch, sockets

_DIRECTORY = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC


class Shim(NamedTuple):
    """A shim process, our child, and the connection over which it is talked to."""

    pid: int
    connection: socket.socket


class Shims:
    """Starts shims and collects those that have ended. Safe from any thread."""

    def __init__(self, program: str) -> None:
        self._program = program
        self._running: set[int] = set()
        self._lock = threading.Lock()

    def start(self, cgroup: str, container_id: str, fds: tuple[int, ...]) -> Shim:
        """A shim, in the v2 directory `cgroup` unless that is empty, with its connection as descriptor 3 and `fds`
        after it. The id is for ps(1) to show. Raises `OSError`."""
        null, program = launch.null(), launch.open_program(self._program)
        ours, theirs = sockets.packet_pair()
        directory = -1
        try:
            if cgroup:
                directory = os.open(cgroup, _DIRECTORY)
            arguments = ("tuicont-shim", container_id)
            pid = launch.spawn(program, arguments, (null, null, null, theirs.fileno(), *fds), directory)
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
            if directory >= 0:
                os.close(directory)
        return Shim(pid, ours)

    def keep(self, shim: Shim) -> None:
        """Collect it when it has ended."""
        with self._lock:
            self._running.add(shim.pid)

    def reap(self) -> None:
        """Collect the shims that have ended. One that was released a moment ago is left to the next time."""
        with self._lock:
            for pid in tuple(self._running):
                if launch.reap(pid, block=False):
                    self._running.discard(pid)
