"""The samples of one container over the last minutes: a ring of fixed length, and blocks of them as bytes.

Knows nothing of where samples come from or where the bytes are kept. Little changes from one sample to the
next, so each is kept as the packed differences to the one before: about 50 bytes instead of 1,000, which is
what lets 500 containers have minutes of history each.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import islice, pairwise
from operator import add, sub

import msgspec

from tuicont.core.model.stats import Sample

CAPACITY = 600
_FORMAT = 1
_SLOTS = len(Sample._fields)

_Row = list[int]
_encoder = msgspec.msgpack.Encoder()
_row_decoder = msgspec.msgpack.Decoder(_Row)
_block_decoder = msgspec.msgpack.Decoder(tuple[int, list[_Row]])


class History:
    """The last `capacity` samples. Not for two threads at the same time."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._last: Sequence[int] = ()
        self._steps: deque[bytes] = deque(maxlen=max(capacity, 1) - 1)

    def __len__(self) -> int:
        return len(self._steps) + 1 if self._last else 0

    @property
    def last_ns(self) -> int:
        """The time of the newest sample; 0 when there is none."""
        return self._last[0] if self._last else 0

    def append(self, sample: Sample) -> None:
        """Add the newest sample; the oldest one goes when the ring is full."""
        if self._last:
            self._steps.append(_encoder.encode(_difference(sample, self._last)))
        self._last = sample

    def tail(self, count: int | None = None) -> tuple[Sample, ...]:
        """The newest `count` samples (None: all), oldest first."""
        if not self._last or count == 0:
            return ()
        row = self._last
        rows = [row]
        for step in islice(reversed(self._steps), None if count is None else count - 1):
            row = _difference(row, _row_decoder.decode(step))
            rows.append(row)
        return tuple(map(Sample._make, reversed(rows)))


def encode(samples: Sequence[Sample]) -> bytes:
    """A block of samples, oldest first, as bytes for `decode`."""
    steps = [_difference(after, before) for before, after in pairwise(samples)]
    return _encoder.encode((_FORMAT, [*samples[:1], *steps]))


def decode(block: bytes) -> tuple[Sample, ...]:
    """The samples of a block. One that is damaged or of another version has none: old numbers are worth less
    than a start that succeeds."""
    try:
        version, steps = _block_decoder.decode(block)
    except msgspec.MsgspecError:
        return ()
    if version != _FORMAT or any(len(step) != _SLOTS for step in steps):
        return ()
    samples: list[Sample] = []
    row = [0] * _SLOTS
    for step in steps:
        row = list(map(add, row, step))
        samples.append(Sample._make(row))
    return tuple(samples)


def _difference(after: Sequence[int], before: Sequence[int]) -> _Row:
    return list(map(sub, after, before))
