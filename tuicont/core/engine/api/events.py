"""What happens, and what has happened."""

from __future__ import annotations

from typing import Protocol

from tuicont.core.model.event import Event


class EventStream(Protocol):
    """Events from a sequence number on; other processes' events arrive too."""

    def next(self, timeout: float | None = None) -> tuple[Event, ...]:
        """The events since the last call, in order; blocks until there is one; empty after `timeout` s."""

    def close(self) -> None:
        """Stop; a blocked `next` returns an empty tuple. May be repeated."""


class Events(Protocol):
    """`engine.events`."""

    def follow(self, since: int | None = None) -> EventStream:
        """Events after sequence number `since`; None: only those to come."""

    def past(self, *, after: int = 0, limit: int = 1000, subject: str = "") -> tuple[Event, ...]:
        """The last `limit` events after sequence number `after`, oldest first; with `subject`, about that id only."""
