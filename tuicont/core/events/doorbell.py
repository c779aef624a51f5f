"""A doorbell between the processes that share a run root.

Every engine rings after each transaction; every shim that ends puts its exit record into the exits
directory by rename, which rings too. Whoever waits then looks at the store: the bell says only that
there is something, never what (inotify(7)).
"""

from __future__ import annotations

import contextlib
import os
import select

from tuicont.core.files.watching import ATTRIB, LOOK_MS, MOVED_TO, watched


class Doorbell:
    """The bell of one run root."""

    def __init__(self, path: str, exits_dir: str) -> None:
        self.path = path
        self._exits_dir = exits_dir
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def ring(self) -> None:
        """Wake every listener. What it is about is stored: that a full disk takes no time of a file must not undo it,
        and who is not woken now is by the next ring."""
        with contextlib.suppress(OSError):
            os.utime(self._descriptor)

    def listen(self) -> Listener:
        """Begin to hear."""
        return Listener(self.path, self._exits_dir)

    def close(self) -> None:
        """Let go of the file. May be repeated."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


class Listener:
    """Hears rings from its making on; rings between two waits are one."""

    def __init__(self, path: str, exits_dir: str) -> None:
        self._inotify = watched((path, ATTRIB), (exits_dir, MOVED_TO))
        self._stop = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._poll = select.poll()
        if self._inotify is not None:
            self._poll.register(self._inotify.fd, select.POLLIN)
        self._poll.register(self._stop, select.POLLIN)

    def wait(self, timeout: float | None = None) -> bool:
        """Block until it rings (True), `timeout` seconds have passed or `stop` was called (False). Where nothing tells,
        it rings all the time."""
        left = None if timeout is None else max(0, int(timeout * 1000))
        if self._inotify is None:
            silent = self._poll.poll(LOOK_MS if left is None else min(left, LOOK_MS)) == []
            return silent and (left is None or left > LOOK_MS)
        descriptors = {descriptor for descriptor, _ in self._poll.poll(left)}
        if self._stop in descriptors or not descriptors:
            return False
        self._inotify.read(timeout=0)
        return True

    def stop(self) -> None:
        """Make this and every later `wait` return False."""
        with contextlib.suppress(OSError):
            os.eventfd_write(self._stop, 1)

    def close(self) -> None:
        """Close the descriptors; nobody may be waiting."""
        if self._inotify is not None:
            self._inotify.close()
        if self._stop >= 0:
            os.close(self._stop)
            self._stop = -1
