"""Takes samples of every running container, keeps their rates and their history.

Knows groups by name only: what a sampler reads is the cgroup driver's business, when to collect the caller's.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from tuicont.core.cgroup.base import Sampler
from tuicont.core.cgroup.sampling import sample_all
from tuicont.core.history.ring import CAPACITY, History
from tuicont.core.model.rates import rates
from tuicont.core.model.stats import Rates, Sample
from tuicont.core.sys.counters import spare_descriptors

FILES_OF_A_GROUP = 16
"""How many files a sampler keeps open on a hybrid host, which has the most."""

_HISTORY_STEP_NS = 900_000_000


class Collector:
    """Opens a sampler for each group that appears and closes it when the group goes. Safe from any thread."""

    def __init__(self, open_sampler: Callable[[str], Sampler], capacity: int = CAPACITY) -> None:
        self._open_sampler = open_sampler
        self._capacity = capacity
        self._lock = threading.Lock()
        self._samplers: dict[str, Sampler] = {}
        self._unkept: set[str] = set()
        self._before: dict[str, Sample] = {}
        self._histories: dict[str, History] = {}

    def collect(self, groups: Sequence[str]) -> tuple[dict[str, Sample], dict[str, Rates]]:
        """A sample of each group and its rates since the last `collect` (none the first time). A group that is
        gone is left out. The history gets about one sample a second, however often this is called."""
        with self._lock:
            self._follow(groups)
            taken = dict(zip(self._samplers, sample_all(list(self._samplers.values())), strict=True))
            taken |= {group: self._sample_once(group) for group in self._unkept}
            samples: dict[str, Sample] = {}
            changes: dict[str, Rates] = {}
            for group, sample in taken.items():
                if sample is None:
                    self._drop(group)
                    continue
                samples[group] = sample
                if (before := self._before.get(group)) is not None:
                    changes[group] = rates(before, sample)
                self._before[group] = sample
                self._remember(group, sample)
            return samples, changes

    def history(self, group: str, count: int | None = None) -> tuple[Sample, ...]:
        """The newest `count` samples kept of a group (None: all), oldest first; its end does not remove them."""
        with self._lock:
            history = self._histories.get(group)
            return history.tail(count) if history is not None else ()

    def forget(self, group: str) -> None:
        """Drop everything about a group."""
        with self._lock:
            self._drop(group)
            self._histories.pop(group, None)

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
            kept = spare_descriptors(len(new) * FILES_OF_A_GROUP) // FILES_OF_A_GROUP
            self._samplers |= {group: self._open_sampler(group) for group in new[:kept]}
            self._unkept.update(new[kept:])

    def _sample_once(self, group: str) -> Sample | None:
        sampler = self._open_sampler(group)
        try:
            return sampler.sample()
        finally:
            sampler.close()

    def _remember(self, group: str, sample: Sample) -> None:
        history = self._histories.get(group)
        if history is None:
            history = self._histories[group] = History(self._capacity)
        if not 0 <= sample.time_ns - history.last_ns < _HISTORY_STEP_NS:
            history.append(sample)

    def _drop(self, group: str) -> None:
        sampler = self._samplers.pop(group, None)
        if sampler is not None:
            sampler.close()
        self._unkept.discard(group)
        self._before.pop(group, None)
