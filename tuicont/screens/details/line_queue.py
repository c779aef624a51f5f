"""Lines on their way from the thread that reads them to the screen, packed on the way: bounded, the reader waits.

Knows no widget: `wake` is called, from the reading thread, when there is something to take.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from tuicont.core.model.container import LogLine
from tuicont.presenters.details.log_buffer import CHUNK, CHUNK_BYTES, Chunk, chunk_of

WAITING_MOST = 8 << 20
"""How many characters wait for the screen at most: then the reader does, as it would for a terminal."""


class LineQueue:
    """For one thread that adds and one that takes."""

    def __init__(self, wake: Callable[[], object]) -> None:
        self._wake = wake
        self._changed = threading.Condition()
        self._packed: list[Chunk] = []
        self._loose: list[LogLine] = []
        self._loose_size = self._size = 0
        self._woken = self._closed = False

    def take(self) -> list[Chunk]:
        """What was added since the last call."""
        with self._changed:
            packed, loose = self._packed, self._loose
            self._packed, self._loose, self._woken = [], [], False
            self._loose_size = self._size = 0
            self._changed.notify()
        return [*packed, chunk_of(loose)] if loose else packed

    def add(self, line: LogLine) -> None:
        """Hand a line on, when there is room for it; after `close` it is dropped."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._size < WAITING_MOST)
            if self._closed:
                return
            self._loose.append(line)
            self._size += len(line.text)
            self._loose_size += len(line.text)
            full = self._loose if len(self._loose) >= CHUNK or self._loose_size >= CHUNK_BYTES else None
            if full is not None:
                self._loose, self._loose_size = [], 0
        # Packed outside of the lock: taking never waits for it.
        packed = chunk_of(full) if full is not None else None
        with self._changed:
            if packed is not None:
                self._packed.append(packed)
            wake, self._woken = not self._woken, True
        if wake:
            self._wake()

    def close(self) -> None:
        """Nobody takes any more: the reader does not wait. May be repeated."""
        with self._changed:
            self._closed = True
            self._changed.notify()
