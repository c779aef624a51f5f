"""The samples of one container over a time, and how they are read: by place, by time, in windows, at a resolution.

Pure. Knows the layout of a row and nothing of where rows are kept. To step through time is to go from one place to
the next or the one before; `find` jumps.
"""

from __future__ import annotations

import struct
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from operator import sub
from typing import NamedTuple

import msgspec

from tuicont.core.model.rates import cpu_percent, rates
from tuicont.core.model.stats import Rates, Sample

ROW = struct.Struct(f"={len(Sample._fields)}q")
"""A sample as bytes: what the sampler fills, 64-bit integers."""

MINUTE_NS = 60_000_000_000
_CPU = Sample._fields.index("cpu_ns")
_TIME = struct.Struct("=q")
_GAP_NS = 5 * MINUTE_NS // 2
"""Two samples that stand for a minute each are this far apart only when nobody took any in between."""


class Step(NamedTuple):
    """A sample, the rates since the one before it, and the time after which it speaks: that of the one before when it
    stands for a minute, else its own."""

    sample: Sample
    rates: Rates
    since_ns: int


Value = Callable[[Step], float | None]
"""What is read of a step; None where nothing is known."""


class Series(msgspec.Struct, frozen=True):
    """Samples, oldest first, each later than the one before. `rows` are their bytes (`ROW`), a quarter of what the
    samples would take. The first `minutes` of them stand for about a minute each: the counters are those at its end,
    and what goes up and down (memory, processes, pressure) is the highest of it."""

    rows: bytes = b""
    minutes: int = 0

    @classmethod
    def of(cls, samples: Sequence[Sample]) -> Series:
        """A series of these samples."""
        return cls(b"".join(ROW.pack(*sample) for sample in samples))

    def __len__(self) -> int:
        return len(self.rows) // ROW.size

    def __getitem__(self, place: int) -> Sample:
        """The sample at a place; from the end when negative. Raises `IndexError`."""
        return Sample._make(ROW.unpack_from(self.rows, range(len(self))[place] * ROW.size))

    def __iter__(self) -> Iterator[Sample]:
        return map(Sample._make, ROW.iter_unpack(self.rows))

    def time(self, place: int) -> int:
        """The time (ns) of the sample at a place. Raises `IndexError`."""
        (time_ns,) = _TIME.unpack_from(self.rows, range(len(self))[place] * ROW.size)
        return int(time_ns)

    def find(self, time_ns: int) -> int:
        """The place of the first sample that is not before this time; the length when all are."""
        return bisect_left(range(len(self)), time_ns, key=self.time)

    def between(self, from_ns: int, to_ns: int) -> Series:
        """The window of samples from one time on and before another."""
        return self._part(self.find(from_ns), self.find(to_ns))

    def newest(self, count: int) -> Series:
        """The window of the last `count` samples, or as many as there are."""
        return self._part(max(len(self) - count, 0), len(self))

    def joined(self, later: Series) -> Series:
        """This up to where `later` begins, then `later`, of which none may stand for a minute."""
        if not later:
            return self
        place = self.find(later.time(0))
        return Series(self.rows[: place * ROW.size] + later.rows, min(self.minutes, place))

    def cpu_percents(self) -> list[float]:
        """The processor's share between each two samples. A list shows many containers: no sample is made for this."""
        numbers = memoryview(self.rows).cast("q")
        times, used = (numbers[place :: len(Sample._fields)].tolist() for place in (0, _CPU))
        return list(map(cpu_percent, used, used[1:], map(sub, times[1:], times)))

    def steps(self) -> Iterator[Step]:
        """Each sample but the first with the rates since the one before it."""
        for place, (before, after) in enumerate(pairwise(self), 1):
            whole = place < self.minutes and after.time_ns - before.time_ns <= _GAP_NS
            yield Step(after, rates(before, after), before.time_ns if whole else after.time_ns)

    def points(self, values: Sequence[Value], *, until_ns: int, count: int, step_ns: int) -> list[list[float | None]]:
        """For each of `values` its course in `count` points of `step_ns`, the last of which ends with `until_ns`: the
        largest in each; None where there is none. A hole of one point, which a late sample leaves, is filled."""
        window = self._part(max(self.find(until_ns - count * step_ns) - 1, 0), self.find(until_ns + 1))
        placed: list[tuple[range, Step]] = []
        for step in window.steps():
            last = count - 1 - (until_ns - step.sample.time_ns) // step_ns
            first = min(count - (until_ns - step.since_ns) // step_ns, last)
            placed.append((range(max(first, 0), last + 1), step))
        return [_course(value, placed, count) for value in values]

    def _part(self, start: int, end: int) -> Series:
        if (start, end) == (0, len(self)):
            return self
        return Series(self.rows[start * ROW.size : end * ROW.size], max(min(self.minutes, end) - start, 0))


def _course(value: Value, placed: Sequence[tuple[range, Step]], count: int) -> list[float | None]:
    course: list[float | None] = [None] * count
    for places, step in placed:
        if (found := value(step)) is not None:
            for place in places:
                known = course[place]
                course[place] = found if known is None or found > known else known
    for place in range(1, count - 1):
        if course[place] is None and course[place + 1] is not None:
            course[place] = course[place - 1]
    return course
