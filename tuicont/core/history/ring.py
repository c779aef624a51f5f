"""Rows of one container over a time: the newest as they came, older ones packed in blocks.

Knows nothing of where samples come from or where blocks are stored, nor when to pack.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from tuicont.core.history.blocks import pack, unpack
from tuicont.core.model.series import ROW, Series
from tuicont.core.model.stats import Sample


class Block(NamedTuple):
    """Rows from the time of the first to that of the last, packed."""

    first_ns: int
    last_ns: int
    packed: bytes


class Ring:
    """Rows of the last `span_ns`, each later than the one before, of which the last `recent` at least can be read
    without unpacking. Not for two threads at the same time."""

    def __init__(self, span_ns: int, recent: int = 0) -> None:
        self._span_ns = span_ns
        self._least = recent
        self._blocks: deque[Block] = deque()
        self._unpacked = Series()
        self._open = 0

    @property
    def recent(self) -> Series:
        """The newest rows: those that no block has yet, and some before them."""
        return self._unpacked

    @property
    def open(self) -> Series:
        """The rows that no block has yet."""
        return self._unpacked.newest(self._open)

    @property
    def first_ns(self) -> int:
        """The time of the oldest row that is kept; 0 when there is none."""
        if self._blocks:
            return self._blocks[0].first_ns
        return self.open.time(0) if self._open else 0

    @property
    def last_ns(self) -> int:
        """The time of the newest row; 0 when there is none."""
        if self._unpacked:
            return self._unpacked.time(-1)
        return self._blocks[-1].last_ns if self._blocks else 0

    def append(self, sample: Sample) -> None:
        """Add the newest sample. A clock that was set back takes along what was measured after it."""
        if sample.time_ns <= self.last_ns:
            self._forget_from(sample.time_ns)
        kept = self._unpacked.newest(max(self._open, self._least - 1))
        self._unpacked = Series(kept.rows + ROW.pack(*sample))
        self._open += 1

    def precede(self, earlier: Series) -> None:
        """Fill `recent` up with rows from before the first; the ring keeps them no longer than that."""
        whole = earlier.joined(self._unpacked)
        self._unpacked = whole.newest(max(self._open, self._least))

    def seal(self) -> Block | None:
        """Pack the rows that no block has yet; None when there are none."""
        rows = self.open
        if not rows:
            return None
        block = _packed(rows)
        self._blocks.append(block)
        self._unpacked, self._open = self._unpacked.newest(self._least), 0
        while self._blocks[0].last_ns < block.last_ns - self._span_ns:
            self._blocks.popleft()
        return block

    def read(self, from_ns: int, to_ns: int) -> Series:
        """The window of rows from one time on and before another; only the blocks in it are unpacked."""
        packed = [block.packed for block in self._blocks if block.last_ns >= from_ns and block.first_ns < to_ns]
        return Series(b"".join([*map(unpack, packed), self.open.rows])).between(from_ns, to_ns)

    def _forget_from(self, time_ns: int) -> None:
        while self._blocks and self._blocks[-1].last_ns >= time_ns:
            kept = Series(unpack(self._blocks.pop().packed)).between(0, time_ns)
            if kept:
                self._blocks.append(_packed(kept))
        rows = self._unpacked.between(0, time_ns)
        self._open = max(self._open - (len(self._unpacked) - len(rows)), 0)
        self._unpacked = rows


def _packed(rows: Series) -> Block:
    return Block(rows.time(0), rows.time(-1), pack(rows.rows))
