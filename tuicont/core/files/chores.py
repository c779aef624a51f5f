"""Work that nobody waits for: done by whoever has a pause to fill, and else by a thread a little later."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

_PATIENCE_SECONDS = 0.05
"""How long the thread leaves chores to others: while it works, it is in the way of every other thread."""


class Chores:
    """Chores in the order in which they came. They are lost when the process is killed. Safe from any thread."""

    def __init__(self) -> None:
        self._waiting: deque[Callable[[], object]] = deque()
        self._filled = threading.Event()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def later(self, chore: Callable[[], object]) -> None:
        """Have `chore` done; it raises nothing."""
        self._waiting.append(chore)
        if self._thread is None:
            with self._lock:
                if self._thread is None:
                    self._thread = self._begin()
        self._filled.set()

    def do_one(self) -> bool:
        """Do what has waited longest, for a caller who would only wait otherwise. False when there is nothing to do."""
        try:
            chore = self._waiting.popleft()
        except IndexError:
            return False
        chore()
        return True

    def close(self) -> None:
        """Return when all is done. May be repeated."""
        with self._lock:
            thread, self._thread = self._thread, None
            if thread is not None:
                self._closing.set()
                self._filled.set()
                thread.join()
                self._closing.clear()
        while self.do_one():  # where there was no thread to be had
            pass

    def _begin(self) -> threading.Thread | None:
        thread = threading.Thread(target=self._work, name="chores", daemon=True)
        try:
            thread.start()
        except RuntimeError:
            return None
        return thread

    def _work(self) -> None:
        while not self._closing.is_set():
            self._filled.wait()
            self._closing.wait(_PATIENCE_SECONDS)
            self._filled.clear()
            while self.do_one():
                pass
