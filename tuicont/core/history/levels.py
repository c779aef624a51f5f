"""The history of one container at two levels: the last ten minutes by the second, the last day by the minute.

A row a second for a day would be megabytes a container; charts of hours show minutes anyway. So each block of seconds
that is sealed becomes one row of the minutes, and goes itself after ten minutes. What is stored is the blocks of
seconds, so that a restart has these ten minutes; the day is kept while the program runs.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce

from tuicont.core.history.blocks import unpack
from tuicont.core.history.ring import Block, Ring
from tuicont.core.model.series import Series
from tuicont.core.model.stats import Sample

SECONDS_NS = 600_000_000_000
_DAY_NS = 24 * 3600_000_000_000
_RECENT = 30
_HOUR = 60
_GAUGES = (
    *("memory", "memory_cache", "memory_swap", "pids"),
    *("cpu_some_avg10", "cpu_full_avg10", "memory_some_avg10", "memory_full_avg10", "io_some_avg10", "io_full_avg10"),
)
"""What goes up and down; the rest are counters and limits."""


class History:
    """Samples, about one a second. Not for two threads at the same time."""

    def __init__(self) -> None:
        self._seconds = Ring(SECONDS_NS, _RECENT)
        self._minutes = Ring(_DAY_NS)

    @property
    def recent(self) -> Series:
        """The newest samples, at hand: half a minute, and what was not sealed yet."""
        return self._seconds.recent

    @property
    def last_ns(self) -> int:
        """The time of the newest sample; 0 when there is none."""
        return self._seconds.last_ns

    def append(self, sample: Sample) -> None:
        """Add the newest sample."""
        self._seconds.append(sample)

    def precede(self, earlier: Series) -> None:
        """Fill `recent` up with samples from before the first."""
        self._seconds.precede(earlier)

    def seal(self) -> Block | None:
        """Pack what came since the last time, about a minute, for the store; None when nothing came."""
        rows = self._seconds.open
        block = self._seconds.seal()
        if block is not None:
            self._minutes.append(_minute(rows))
            if len(self._minutes.open) >= _HOUR:
                self._minutes.seal()
        return block

    def read(self, from_ns: int, to_ns: int) -> Series:
        """The window of samples from one time on and before another: minutes as far as seconds do not reach back."""
        seconds = self._seconds.read(from_ns, to_ns)
        minutes = self._minutes.read(from_ns, min(to_ns, self._seconds.first_ns))
        return Series(minutes.rows + seconds.rows, len(minutes))


def series_of(blocks: Iterable[bytes]) -> Series:
    """The samples of stored blocks, oldest first. Of two that overlap, as two engines write them, the later counts."""
    return reduce(Series.joined, (Series(unpack(block)) for block in blocks), Series())


def _minute(rows: Series) -> Sample:
    """The row that stands for these: counters as they were at the end, what goes up and down at its highest."""
    samples = tuple(rows)
    return samples[-1]._replace(**{name: max(getattr(sample, name) for sample in samples) for name in _GAUGES})
