"""A million log lines in memory: kept in chunks, each one string, so that a line costs little more than its bytes.

However long the lines are, they take no more than `BYTES`: the oldest fall out for that too.

Pure; knows lines as `LogLine`s and as text to draw, nothing of where they come from. A chunk is split into lines
only when one of them is looked at.
"""

from __future__ import annotations

import sys
from array import array
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from rich.cells import cell_len

from tuicont.core.model.container import LogLine
from tuicont.presenters.details.ansi import stripped

CHUNK = 512
CHUNK_BYTES = 1 << 20
"""A chunk takes no more lines once it is so large."""
BYTES = 128 << 20
"""What the lines of one log take at most: room for a million that are 120 characters long."""

_SPLIT_KEPT = 64


class Entry(NamedTuple):
    """A line as it is shown. `raw` has the colours that `text` lacks; it is `text` when there are none."""

    time_ns: int
    error: bool
    text: str
    raw: str


class Chunk(NamedTuple):
    """Up to `CHUNK` lines. `raw` has only those lines (by index) whose text lost something."""

    text: str
    times: array[int]
    errors: bytes
    widths: array[int]
    widest: int
    raw: dict[int, str]


def chunk_of(lines: Sequence[LogLine]) -> Chunk:
    """Pack lines; the costly part of adding, so that it can be done in another thread."""
    texts = [stripped(line.text) for line in lines]
    widths = array("I", (len(t) if t.isascii() else cell_len(t) for t in texts))
    raw = {i: line.text for i, line in enumerate(lines) if "\x1b" in line.text}
    errors = bytes(line.stream == "stderr" for line in lines)
    return Chunk(
        "\n".join(texts), array("q", (line.time_ns for line in lines)), errors, widths, max(widths, default=0), raw
    )


def size_of(chunk: Chunk) -> int:
    """What a chunk takes in memory, in bytes."""
    rows = len(chunk.errors) * (chunk.times.itemsize + chunk.widths.itemsize + 1)
    return sys.getsizeof(chunk.text) + rows + sum(map(sys.getsizeof, chunk.raw.values()))


class LogBuffer:
    """The newest `capacity` lines, and no more than `room` bytes of them (in whole chunks), numbered from 0 for the
    oldest one kept."""

    def __init__(self, capacity: int = 1_000_000, room: int = BYTES) -> None:
        self._capacity = capacity
        self._room = room
        self._bytes = 0
        self._chunks: deque[Chunk] = deque()
        self._sizes: deque[int] = deque()
        self._starts: list[int] = []
        self._split: dict[int, list[str]] = {}
        self._dropped_chunks = 0
        self._count = 0
        self.dropped = 0
        """How many lines fell out so far: what to subtract from an older line number."""
        self.widest = 0

    def __len__(self) -> int:
        return self._count

    def extend(self, chunk: Chunk) -> int:
        """Add a chunk; how many lines fell out at the beginning for it."""
        if not chunk.errors:
            return 0
        last = self._chunks[-1] if self._chunks else None
        size = size_of(chunk)
        if last is not None and len(last.errors) + len(chunk.errors) <= CHUNK and self._sizes[-1] + size <= CHUNK_BYTES:
            self._chunks[-1] = joined = _joined(last, chunk)
            size = size_of(joined) - self._sizes[-1]
            self._sizes[-1] += size
            self._split.pop(self._dropped_chunks + len(self._chunks) - 1, None)
        else:
            self._starts.append(self._count)
            self._chunks.append(chunk)
            self._sizes.append(size)
        self._bytes += size
        self._count += len(chunk.errors)
        self.widest = max(self.widest, chunk.widest)
        return self._drop()

    def _drop(self) -> int:
        dropped = 0
        while (self._count - dropped > self._capacity or self._bytes > self._room) and len(self._chunks) > 1:
            self._split.pop(self._dropped_chunks, None)
            self._bytes -= self._sizes.popleft()
            dropped += len(self._chunks.popleft().errors)
            self._dropped_chunks += 1
        if dropped:
            self._count -= dropped
            self.dropped += dropped
            gone = len(self._starts) - len(self._chunks)
            self._starts = [start - dropped for start in self._starts[gone:]]
        return dropped

    def _locate(self, number: int) -> tuple[int, int]:
        low, high = 0, len(self._starts) - 1
        while low < high:
            middle = (low + high + 1) // 2
            if self._starts[middle] <= number:
                low = middle
            else:
                high = middle - 1
        return low, number - self._starts[low]

    def _lines(self, index: int) -> list[str]:
        key = self._dropped_chunks + index
        lines = self._split.get(key)
        if lines is None:
            if len(self._split) >= _SPLIT_KEPT:
                self._split.pop(next(iter(self._split)))
            lines = self._split[key] = self._chunks[index].text.split("\n")
        return lines

    def __getitem__(self, number: int) -> Entry:
        index, offset = self._locate(number)
        chunk = self._chunks[index]
        text = self._lines(index)[offset]
        return Entry(chunk.times[offset], bool(chunk.errors[offset]), text, chunk.raw.get(offset, text))

    def entries(self, start: int, stop: int) -> Iterator[Entry]:
        """The lines from `start` to before `stop`."""
        return (self[number] for number in range(max(start, 0), min(stop, self._count)))

    @property
    def chunks(self) -> tuple[Chunk, ...]:
        """All that is kept, oldest first."""
        return tuple(self._chunks)

    # wrapping

    def heights(self, width: int) -> array[int]:
        """For each chunk, in how many rows of `width` cells its lines are broken."""
        return array("L", (rows_of(chunk, width) for chunk in self._chunks))

    def place(self, row: int, heights: Sequence[int], width: int) -> tuple[int, int]:
        """Which line is in screen row `row`, and which of its pieces."""
        index = 0
        while index < len(heights) - 1 and row >= heights[index]:
            row -= heights[index]
            index += 1
        chunk = self._chunks[index]
        for offset, cells in enumerate(chunk.widths):
            pieces = max(-(-cells // width), 1)
            if row < pieces:
                return self._starts[index] + offset, row
            row -= pieces
        return self._count, 0

    def row_of(self, number: int, heights: Sequence[int], width: int) -> int:
        """The first screen row of a line."""
        index, offset = self._locate(number)
        above = sum(islice(heights, index))
        return above + sum(max(-(-cells // width), 1) for cells in self._chunks[index].widths[:offset])


def rows_of(chunk: Chunk, width: int) -> int:
    """Rows of `width` cells that a chunk's lines take."""
    if chunk.widest <= width:
        return len(chunk.errors)
    return sum(max(-(-cells // width), 1) for cells in chunk.widths)


def _joined(first: Chunk, second: Chunk) -> Chunk:
    shift = len(first.errors)
    return Chunk(
        f"{first.text}\n{second.text}",
        first.times + second.times,
        first.errors + second.errors,
        first.widths + second.widths,
        max(first.widest, second.widest),
        {**first.raw, **{shift + n: raw for n, raw in second.raw.items()}},
    )
