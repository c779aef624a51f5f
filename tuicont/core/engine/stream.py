"""Events as they come: a subscriber's place in the event log, and the bell that wakes it."""

from __future__ import annotations

import threading
import time

from tuicont.core.engine.context import Context
from tuicont.core.engine.tasks import Tasks
from tuicont.core.model.event import Event

_BATCH = 1000


class Stream:
    """An `EventStream`. Waiting also records the ends of containers, so whoever listens keeps the log true."""

    def __init__(self, context: Context, tasks: Tasks, after: int | None) -> None:
        self._context = context
        self._tasks = tasks
        self._listener = context.doorbell.listen()
        self._after = context.store.last_event() if after is None else after
        self._closed = False
        self._waiting = threading.Lock()

    def next(self, timeout: float | None = None) -> tuple[Event, ...]:
        """The events since the last call; empty when `timeout` seconds have passed or it was closed."""
        deadline = None if timeout is None else time.monotonic() + timeout
        with self._waiting:
            while not self._closed:
                self._tasks.settle_all()
                if events := self._context.store.events(self._after, _BATCH):
                    self._after = events[-1].seq
                    return events
                left = None if deadline is None else deadline - time.monotonic()
                if (left is not None and left <= 0) or not self._listener.wait(left):
                    break
        return ()

    def close(self) -> None:
        """Wake a blocked `next` and let go of the descriptors. May be repeated."""
        if not self._closed:
            self._closed = True
            self._listener.stop()
            with self._waiting:
                self._listener.close()
