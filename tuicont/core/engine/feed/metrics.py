"""Samples of running containers, their history across restarts, and OOM kills as events. Implements `api.Metrics`.

Any engine may sample; only one at a time writes history and reports OOM kills (a lock that dies with
its holder decides which), so that two open workstations do not say everything twice.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time

import msgspec

from tuicont.core.engine.api.metrics import ALL_TIME
from tuicont.core.engine.bundles import Bundles
from tuicont.core.engine.drivers import Drivers
from tuicont.core.engine.ends.ends import Ends
from tuicont.core.engine.locks import Locks
from tuicont.core.engine.records import Records
from tuicont.core.errors import Conflict, EngineError
from tuicont.core.history.collector import Collector
from tuicont.core.history.levels import SECONDS_NS, series_of
from tuicont.core.history.ring import Block
from tuicont.core.model.container import Container
from tuicont.core.model.event import Topic
from tuicont.core.model.series import Series
from tuicont.core.model.snapshot import Snapshot
from tuicont.core.model.stats import Sample

_RECALLED = 100
"""Of how many containers a tick reads what was stored before: as many as may be in sight, and no tick is long."""


class LocalMetrics:
    """Takes snapshots."""

    def __init__(self, records: Records, locks: Locks, drivers: Drivers, bundles: Bundles, ends: Ends) -> None:
        self._records = records
        self._store = records.store
        self._locks = locks
        self._drivers = drivers
        self._bundles = bundles
        self._ends = ends
        self._collector = Collector(lambda group: drivers.cgroups.open(group).sampler())
        self._alive: dict[str, Container] = {}
        self._writer: int | None = None
        self._unrecalled: dict[str, None] = {}
        self._oom: dict[str, int] = {}
        self._lock = threading.Lock()

    def snapshot(self) -> Snapshot:
        containers = self._store.containers()
        alive = {c.id: c for c in containers if c.state.alive}
        with self._lock:
            now = time.time_ns()
            self._recall()
            samples, rates, recent = self._collector.collect(tuple(alive))
            ended = self._alive.keys() - alive.keys()
            blocks = [*self._collector.seal(ended), *self._collector.seal_due(time.monotonic_ns())]
            if self._is_writer():
                self._report_oom(alive, samples)
                self._write(blocks)
            for container_id in ended:
                self._collector.forget(container_id)
                self._oom.pop(container_id, None)
                self._unrecalled.pop(container_id, None)
            self._unrecalled |= dict.fromkeys(alive.keys() - self._alive.keys())
            self._alive = alive
        limits = self._bundles.limits_of_all(containers)
        return Snapshot(time_ns=now, containers=containers, limits=limits, samples=samples, rates=rates, recent=recent)

    def refreshed(self, last: Snapshot) -> Snapshot:
        self._ends.settle_all()
        containers = self._store.containers()
        return msgspec.structs.replace(last, containers=containers, limits=self._bundles.limits_of_all(containers))

    def sample(self, ref: str) -> Sample:
        container = self._records.running(ref, f"read the statistics of {ref}")
        sampler = self._drivers.cgroups.open(container.id).sampler()
        try:
            sample = sampler.sample()
        finally:
            sampler.close()
        if sample is None:
            raise Conflict(f"read the statistics of {container.name}", "its cgroup is gone")
        return sample

    def history(self, ref: str, from_ns: int = 0, to_ns: int = ALL_TIME) -> Series:
        container_id = self._records.find(ref, f"read the history of {ref}").id
        own = self._collector.history(container_id, from_ns, to_ns)
        if own.minutes:
            return own
        return series_of(self._store.history(container_id)).between(from_ns, to_ns).joined(own)

    def close(self) -> None:
        """Store what is not stored yet and close the samplers."""
        with self._lock:
            if self._writer is not None:
                self._write(self._collector.seal(self._alive))
                os.close(self._writer)
                self._writer = None
            self._collector.close()

    def _is_writer(self) -> bool:
        if self._writer is None:
            self._writer = self._locks.meter()
        return self._writer is not None

    def _recall(self) -> None:
        """Give the containers that appeared in an earlier tick what was stored before: the first tick, which a start
        waits for, does without."""
        for container_id in list(self._unrecalled)[:_RECALLED]:
            del self._unrecalled[container_id]
            # A database that cannot be read is told by the verbs that need it.
            with contextlib.suppress(EngineError):
                self._collector.precede(container_id, series_of(self._store.history(container_id)[-2:]))

    def _write(self, blocks: list[tuple[str, Block]]) -> None:
        if not blocks:
            return
        # History is worth less than the tick that shows it: a full disk is told by the verbs that need it.
        with contextlib.suppress(EngineError), self._store.transaction(quiet=True) as transaction:
            for container_id, block in blocks:
                if transaction.container(container_id) is not None:
                    oldest = block.last_ns - SECONDS_NS
                    transaction.add_history(container_id, block.first_ns, block.packed, oldest)

    def _report_oom(self, alive: dict[str, Container], samples: dict[str, Sample]) -> None:
        for container_id, sample in samples.items():
            before = self._oom.get(container_id, sample.oom_kills)
            self._oom[container_id] = sample.oom_kills
            if sample.oom_kills > before >= 0:
                killed, limit = str(sample.oom_kills - before), str(sample.memory_limit)
                with self._store.transaction() as transaction:
                    name = alive[container_id].name
                    transaction.event(Topic.TASK_OOM, container_id, name, {"killed": killed, "limit": limit})
