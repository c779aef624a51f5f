"""What the live tables are drawn from: the newest snapshot, and the newest events. No widget."""

from __future__ import annotations

from collections import deque
from itertools import islice

from tuicont.core.model.container import Container
from tuicont.core.model.event import Event
from tuicont.core.model.stats import Snapshot
from tuicont.presenters import containers, events

TREND = 24
"""CPU shares that are kept of each container: as many as the widest sparkline shows, and some."""


class ContainerRows:
    """The newest snapshot and the recent CPU shares of every container."""

    table = containers.TABLE

    def __init__(self) -> None:
        self.snapshot = Snapshot(time_ns=0, containers=(), limits={}, samples={}, rates={})
        self.by_id: dict[str, Container] = {}
        self.doing: dict[str, str] = {}
        """The verb that the engine is working on, by container id."""
        self._trends: dict[str, deque[float]] = {}

    def take(self, snapshot: Snapshot) -> None:
        """Remember a snapshot. States may be read between two samples: the trends go on with samples only."""
        sampled = snapshot.rates is not self.snapshot.rates
        self.snapshot = snapshot
        self.by_id = {container.id: container for container in snapshot.containers}
        if sampled:
            trends = self._trends
            for container_id, rates in snapshot.rates.items():
                trend = trends.get(container_id)
                if trend is None:
                    trend = trends[container_id] = deque(maxlen=TREND)
                trend.append(rates.cpu)
            for gone in trends.keys() - self.by_id.keys():
                del trends[gone]

    def seed(self, container_id: str, trend: list[float]) -> None:
        """Put what was measured before this program began in front of a container's trend."""
        since = self._trends.get(container_id, ())
        self._trends[container_id] = deque([*trend, *since], maxlen=TREND)

    def row(self, key: str) -> containers.ContainerRow:
        return containers.row_of(self.by_id[key], self.snapshot, self._trends.get(key, ()), self.doing.get(key, ""))


class EventRows:
    """The newest `kept` events by sequence number, oldest first."""

    table = events.TABLE

    def __init__(self, kept: int) -> None:
        self._kept = kept
        self.events: dict[str, Event] = {}

    def take(self, arrived: tuple[Event, ...]) -> None:
        """Remember these, which may be older than what is known, and forget the oldest."""
        known = self.events
        newest = next(reversed(known.values())).seq if known else 0
        for event in arrived:
            known.setdefault(str(event.seq), event)
        if arrived and arrived[0].seq <= newest:
            self.events = known = dict(sorted(known.items(), key=lambda item: item[1].seq))
        for key in list(islice(known, max(len(known) - self._kept, 0))):
            del known[key]

    def row(self, key: str) -> Event:
        return self.events[key]
