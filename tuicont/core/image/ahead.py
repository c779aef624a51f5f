"""What one thread makes and another reads, side by side: a few pieces ahead of the reader, and no more.

Knows nothing of what passes. Reading a disk, hashing, decompressing and writing leave the interpreter's lock to others
while they work, so that what is done ahead costs a reader who unpacks no time.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable

_ROOM = 8
"""Pieces; they are a megabyte each at most, so that this bounds the memory."""


class Ahead:
    """What `pieces` gives, made by a thread of its own, as a stream for one reader. What making them raises, reading
    raises. Leaving the context ends the thread, whether or not all was read."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = pieces
        self._made: deque[bytes] = deque()
        self._changed = threading.Condition()
        self._ended = self._closed = False
        self._failure: BaseException | None = None
        self._rest = memoryview(b"")
        self._count = 0
        self._thread = threading.Thread(target=self._make, name="ahead", daemon=True)

    def __enter__(self) -> Ahead:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join()

    def read(self, size: int = -1, /) -> bytes:
        """At most `size` bytes, at least one unless the stream ends; the rest of a piece when `size` is below 0."""
        if not size:
            return b""
        if not self._rest:
            self._rest = memoryview(self._next())
        taken = self._rest if size < 0 else self._rest[:size]
        self._rest = self._rest[len(taken) :]
        self._count += len(taken)
        return bytes(taken)

    def tell(self) -> int:
        """How many bytes have been read."""
        return self._count

    def drain(self) -> None:
        """Read what is left."""
        while self.read():
            pass

    def _next(self) -> bytes:
        with self._changed:
            self._changed.wait_for(lambda: self._made or self._ended)
            if self._made:
                piece = self._made.popleft()
                self._changed.notify_all()
                return piece
        if self._failure is not None:
            raise self._failure
        return b""

    def _make(self) -> None:
        try:
            for piece in self._pieces:
                with self._changed:
                    self._changed.wait_for(lambda: len(self._made) < _ROOM or self._closed)
                    if self._closed:
                        return
                    self._made.append(piece)
                    self._changed.notify_all()
        except BaseException as error:
            self._failure = error
        finally:
            with self._changed:
                self._ended = True
                self._changed.notify_all()
