"""What the live tables are drawn from: the newest snapshot, and the newest events. No widget."""

from __future__ import annotations

from itertools import islice

from tuicont.core.model.container import Container
from tuicont.core.model.event import Event
from tuicont.core.model.snapshot import Snapshot
from tuicont.presenters import containers, events


class ContainerRows:
    """The newest snapshot."""

    table = containers.TABLE

    def __init__(self) -> None:
        self.snapshot = Snapshot(time_ns=0, containers=(), limits={}, samples={}, rates={}, recent={})
        self.by_id: dict[str, Container] = {}
        self.doing: dict[str, str] = {}
        """The verb that the engine is working on, by container id."""

    def take(self, snapshot: Snapshot) -> None:
        """Remember a snapshot."""
        self.snapshot = snapshot
        self.by_id = {container.id: container for container in snapshot.containers}

    def row(self, key: str) -> containers.ContainerRow:
        return containers.row_of(self.by_id[key], self.snapshot, self.doing.get(key, ""))


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
