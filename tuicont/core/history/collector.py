"""Takes samples of every running container and keeps their history.

Knows groups by name only: what a sampler reads is the cgroup driver's business, when to collect the caller's.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from itertools import islice, takewhile
from typing import NamedTuple

from tuicont.core.cgroup.base import Sampler
from tuicont.core.cgroup.sampling import sample_all
from tuicont.core.history.levels import History
from tuicont.core.history.ring import Block
from tuicont.core.model.rates import rates
from tuicont.core.model.series import MINUTE_NS, Series
from tuicont.core.model.stats import Rates, Sample
from tuicont.core.sys.descriptors import spare_descriptors

FILES_OF_A_GROUP = 16
"""How many files a sampler keeps open on a hybrid host, which has the most."""

_LEFT = 200
"""Descriptors that sampling leaves to sockets, logs and databases."""
_HISTORY_STEP_NS = 900_000_000


class Reading(NamedTuple):
    """What `collect` took: by group its sample, its rates since the `collect` before, and its newest samples."""

    samples: dict[str, Sample]
    rates: dict[str, Rates]
    recent: dict[str, Series]


class Collector:
    """Opens a sampler for each group that appears and closes it when the group goes. Safe from any thread."""

    def __init__(self, open_sampler: Callable[[str], Sampler]) -> None:
        self._open_sampler = open_sampler
        self._lock = threading.Lock()
        self._samplers: dict[str, Sampler] = {}
        self._unkept: set[str] = set()
        self._before: dict[str, Sample] = {}
        self._histories: dict[str, History] = {}
        self._sealed_ns: dict[str, int] = {}
        """When each history was sealed or began (monotonic), the one that waits longest first."""
        self._asked_ns = 0

    def collect(self, groups: Sequence[str]) -> Reading:
        """A sample of each group; the first has no rates. A group that is gone is left out. The history gets about
        one sample a second, however often this is called."""
        with self._lock:
            self._follow(groups)
            taken = dict(zip(self._samplers, sample_all(list(self._samplers.values())), strict=True))
            taken |= {group: self._sample_once(group) for group in self._unkept}
            reading = Reading({}, {}, {})
            for group, sample in taken.items():
                if sample is None:
                    self._drop(group)
                    continue
                reading.samples[group] = sample
                if (before := self._before.get(group)) is not None:
                    reading.rates[group] = rates(before, sample)
                self._before[group] = sample
                reading.recent[group] = self._remember(group, sample)
            return reading

    def history(self, group: str, from_ns: int, to_ns: int) -> Series:
        """The window of the samples kept of a group; its end does not remove them."""
        with self._lock:
            history = self._histories.get(group)
            return history.read(from_ns, to_ns) if history is not None else Series()

    def precede(self, group: str, earlier: Series) -> None:
        """Fill the newest samples of a group up with those from before this collector's first."""
        with self._lock:
            if (history := self._histories.get(group)) is not None:
                history.precede(earlier)

    def seal(self, groups: Iterable[str]) -> list[tuple[str, Block]]:
        """Pack what these groups' histories have unpacked."""
        with self._lock:
            return self._seal(groups, time.monotonic_ns())

    def seal_due(self, now_ns: int) -> list[tuple[str, Block]]:
        """Pack what has waited for a minute (of `time.monotonic_ns`), but no more at once than comes due in the time
        since the last call, so that no tick is long."""
        with self._lock:
            most = len(self._sealed_ns) * (now_ns - self._asked_ns) // MINUTE_NS + 1
            self._asked_ns = now_ns
            waiting = takewhile(lambda group: now_ns - self._sealed_ns[group] >= MINUTE_NS, self._sealed_ns)
            return self._seal(list(islice(waiting, most)), now_ns)

    def forget(self, group: str) -> None:
        """Drop everything about a group."""
        with self._lock:
            self._drop(group)
            self._histories.pop(group, None)
            self._sealed_ns.pop(group, None)

    def close(self) -> None:
        """Close every file. May be repeated."""
        with self._lock:
            self._follow(())

    def _follow(self, groups: Sequence[str]) -> None:
        """Open samplers for the groups that are new and close those of the others. Where the limit of open files
        does not allow it, a group's files are opened for each sample: slower, and no less true."""
        wanted = dict.fromkeys(groups)
        for group in [g for g in (*self._samplers, *self._unkept) if g not in wanted]:
            self._drop(group)
        new = [group for group in wanted if group not in self._samplers and group not in self._unkept]
        if new:
            kept = spare_descriptors(len(new) * FILES_OF_A_GROUP, left=_LEFT) // FILES_OF_A_GROUP
            self._samplers |= {group: self._open_sampler(group) for group in new[:kept]}
            self._unkept.update(new[kept:])

    def _sample_once(self, group: str) -> Sample | None:
        sampler = self._open_sampler(group)
        try:
            return sampler.sample()
        finally:
            sampler.close()

    def _remember(self, group: str, sample: Sample) -> Series:
        history = self._histories.get(group)
        if history is None:
            history = self._histories[group] = History()
            self._sealed_ns[group] = time.monotonic_ns()
        if not 0 <= sample.time_ns - history.last_ns < _HISTORY_STEP_NS:
            history.append(sample)
        return history.recent

    def _seal(self, groups: Iterable[str], now_ns: int) -> list[tuple[str, Block]]:
        sealed = []
        for group in groups:
            if (history := self._histories.get(group)) is None:
                continue
            # At the end of the line.
            del self._sealed_ns[group]
            self._sealed_ns[group] = now_ns
            if (block := history.seal()) is not None:
                sealed.append((group, block))
        return sealed

    def _drop(self, group: str) -> None:
        sampler = self._samplers.pop(group, None)
        if sampler is not None:
            sampler.close()
        self._unkept.discard(group)
        self._before.pop(group, None)
