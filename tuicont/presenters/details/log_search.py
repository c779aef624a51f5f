"""Searching and filtering of packed log lines: whole chunks are asked first whether any of their lines may match.

Pure, and works on a tuple of chunks: another thread may search while lines are added.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Sequence

from tuicont.presenters.details.log_buffer import Chunk

_SPECIAL = frozenset(".^$*+?{}[]\\|()")


class Search:
    """A pattern made ready for chunks."""

    def __init__(self, pattern: re.Pattern[str]) -> None:
        self.pattern = pattern
        text = pattern.pattern
        self._folds = bool(pattern.flags & re.IGNORECASE)
        # Finding a plain text in a string is ten times as quick as matching it without regard to case.
        plain = not _SPECIAL.intersection(text) and (text.isascii() or not self._folds)
        self._plain = (text.lower() if self._folds else text) if plain else ""
        lines = text.replace(r"\A", "^").replace(r"\Z", "$")
        self._whole = re.compile(lines, pattern.flags | re.MULTILINE)

    def matches(self, chunk: Chunk) -> list[int]:
        """Which lines of a chunk match."""
        text = chunk.text
        if self._plain:
            if self._plain not in (text.lower() if self._folds else text):
                return []
        elif self._whole.search(text) is None:
            return []
        search = self.pattern.search
        return [n for n, line in enumerate(text.split("\n")) if search(line)]


def find(chunks: Sequence[Chunk], pattern: re.Pattern[str], start: int, step: int) -> int | None:
    """The number of the nearest line that matches after (`step` 1) or before (-1) line `start`, around the end."""
    if not chunks:
        return None
    starts = [0]
    for chunk in chunks:
        starts.append(starts[-1] + len(chunk.errors))
    start = min(max(start, -1), starts[-1])
    here = next((n for n in range(len(chunks)) if start < starts[n + 1]), len(chunks) - 1)
    search = Search(pattern)
    for turn in range(len(chunks) + 1):
        index = (here + step * turn) % len(chunks)
        found = [starts[index] + n for n in search.matches(chunks[index])]
        if turn == 0:
            found = [n for n in found if (n - start) * step > 0]
        if found:
            return found[0] if step > 0 else found[-1]
    return None


def count(chunks: Sequence[Chunk], pattern: re.Pattern[str]) -> int:
    """How many lines match."""
    search = Search(pattern)
    return sum(len(search.matches(chunk)) for chunk in chunks)


def selection(chunk: Chunk, search: Search, *, inverted: bool = False) -> Chunk | None:
    """The lines of a chunk that match (or, inverted, those that do not); None when there is none."""
    numbers = search.matches(chunk)
    if inverted:
        out = set(numbers)
        numbers = [n for n in range(len(chunk.errors)) if n not in out]
    if not numbers:
        return None
    if len(numbers) == len(chunk.errors):
        return chunk
    lines = chunk.text.split("\n")
    widths = array("I", (chunk.widths[n] for n in numbers))
    raw = {position: chunk.raw[n] for position, n in enumerate(numbers) if n in chunk.raw}
    times = array("q", (chunk.times[n] for n in numbers))
    errors = bytes(chunk.errors[n] for n in numbers)
    return Chunk("\n".join(lines[n] for n in numbers), times, errors, widths, max(widths), raw)
