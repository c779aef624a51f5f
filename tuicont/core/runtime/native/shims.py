"""The shim processes that this process has started, and one that waits for a container.

Executing a program takes longer than all else that a start needs of the shim, so a process that starts containers again
and again keeps one shim that has nothing to do yet: made when nobody waits, gone with this process.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from typing import NamedTuple

from tuicont.core.runtime.native import wire
from tuicont.core.sys import launch, sockets

_DIRECTORY = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC


class Shim(NamedTuple):
    """A shim process, our child, and the connection over which it gets its work."""

    pid: int
    connection: socket.socket
    cgroup: str


class Shims:
    """Starts shims and collects those that have ended. Safe from any thread."""

    def __init__(self, program: str) -> None:
        self._program = program
        self._running: set[int] = set()
        self._ready: Shim | None = None
        self._cgroup: str | None = None
        self._lock = threading.Lock()

    def begin(self, cgroup: str, container_id: str, fds: tuple[int, int, int]) -> Shim:
        """A shim, in the v2 directory `cgroup` unless that is empty, that has been given a container to keep.
        Raises `OSError`."""
        with self._lock:
            ready, self._ready, self._cgroup = self._ready, None, cgroup
        if ready is not None:
            if ready.cgroup == cgroup:
                with contextlib.suppress(OSError):  # it was killed meanwhile
                    sockets.send_with(ready.connection, wire.begin(container_id), *fds)
                    return ready
            _end(ready)
        shim = self._start(cgroup)
        sockets.send_with(shim.connection, wire.begin(container_id), *fds)
        return shim

    def keep(self, shim: Shim) -> None:
        """Collect it when it has ended."""
        with self._lock:
            self._running.add(shim.pid)

    def get_ready(self) -> None:
        """Start the next shim, if this process has started any and there is none that waits."""
        with self._lock:
            if self._ready is None and self._cgroup is not None:
                with contextlib.suppress(OSError):  # then the start that needs one tells why
                    self._ready = self._start(self._cgroup)

    def reap(self) -> None:
        """Collect the shims that have ended. One that was released a moment ago is left to the next time."""
        with self._lock:
            for pid in tuple(self._running):
                if launch.reap(pid, block=False):
                    self._running.discard(pid)

    def close(self) -> None:
        """End the one that waits. May be repeated."""
        with self._lock:
            ready, self._ready, self._cgroup = self._ready, None, None
        if ready is not None:
            _end(ready)

    def _start(self, cgroup: str) -> Shim:
        null, program = launch.null(), launch.open_program(self._program)
        ours, theirs = sockets.packet_pair()
        directory = -1
        try:
            if cgroup:
                directory = os.open(cgroup, _DIRECTORY)
            # Its later descriptors have their numbers from the start; blanks make room for the container's id.
            fds = (null, null, null, theirs.fileno(), null, null, null)
            pid = launch.spawn(program, ("tuicont-shim", " " * wire.ID_ROOM), fds, directory)
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
            if directory >= 0:
                os.close(directory)
        return Shim(pid, ours, cgroup)


def _end(shim: Shim) -> None:
    shim.connection.close()
    launch.reap(shim.pid, block=True)
