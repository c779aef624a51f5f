"""A doorbell between the processes that share a run root.

Every engine rings after each transaction; every shim that ends puts its exit record into the exits
directory by rename, which rings too. Whoever waits then looks at the store: the bell says only that
there is something, never what (inotify(7)).
"""

from __future__ import annotations

import contextlib
import os
import select


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
        # Only who waits for events needs it: `ps` must not pay for its import.
        from inotify_simple import INotify, flags

        self._inotify = INotify()
        self._inotify.add_watch(path, flags.ATTRIB)
        self._inotify.add_watch(exits_dir, flags.MOVED_TO)
        self._stop = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._poll = select.poll()
        self._poll.register(self._inotify.fd, select.POLLIN)
        self._poll.register(self._stop, select.POLLIN)

    def wait(self, timeout: float | None = None) -> bool:
        """Block until it rings (True), `timeout` seconds have passed or `stop` was called (False)."""
        ready = self._poll.poll(None if timeout is None else max(0, int(timeout * 1000)))
        descriptors = {descriptor for descriptor, _ in ready}
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
        self._inotify.close()
        if self._stop >= 0:
            os.close(self._stop)
            self._stop = -1
