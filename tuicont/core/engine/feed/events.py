"""Events as they come: a subscriber's place in the event log, and the bell that wakes it. Implements `api.Events`."""

from __future__ import annotations

import threading
import time

from tuicont.core.engine.ends.ends import Ends
from tuicont.core.events.doorbell import Doorbell
from tuicont.core.model.event import Event
from tuicont.core.store.store import Store

_BATCH = 1000


class LocalEvents:
    """The event log of one state root."""

    def __init__(self, store: Store, doorbell: Doorbell, ends: Ends) -> None:
        self._store = store
        self._doorbell = doorbell
        self._ends = ends

    def follow(self, since: int | None = None) -> Stream:
        return Stream(self._store, self._doorbell, self._ends, since)

    def past(self, *, after: int = 0, limit: int = 1000, subject: str = "") -> tuple[Event, ...]:
        return self._store.last_events(after, limit, subject)


class Stream:
    """An `EventStream`. Waiting also records the ends of containers, so whoever listens keeps the log true. What this
    engine did itself arrives on the same way as what others did: there is one order, that of the log."""

    def __init__(self, store: Store, doorbell: Doorbell, ends: Ends, after: int | None) -> None:
        self._store = store
        self._ends = ends
        self._listener = doorbell.listen()
        self._after = store.last_event() if after is None else after
        self._closed = False
        self._waiting = threading.Lock()

    def next(self, timeout: float | None = None) -> tuple[Event, ...]:
        """The events since the last call; empty when `timeout` seconds have passed or it was closed."""
        deadline = None if timeout is None else time.monotonic() + timeout
        with self._waiting:
            while not self._closed:
                self._ends.settle_all()
                if events := self._store.events(self._after, _BATCH):
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
