"""An event in Docker's words: the fields of `events`."""

from __future__ import annotations

from tuicont.cli.kit.listing import Column
from tuicont.cli.kit.words import NANO
from tuicont.core.model.event import Event


def action(event: Event) -> str:
    """What happened to it."""
    return event.topic.rsplit("/", 1)[-1]


COLUMNS: tuple[Column[Event], ...] = (
    Column("SEQ", "Seq", lambda event: event.seq),
    Column("TIME", "Time", lambda event: event.time_ns // NANO),
    Column("TIME NANO", "TimeNano", lambda event: event.time_ns),
    Column("TOPIC", "Topic", lambda event: event.topic),
    Column("TYPE", "Type", lambda event: event.about),
    Column("ACTION", "Action", action),
    Column("ID", "ID", lambda event: event.subject),
    Column("NAME", "Name", lambda event: event.name),
    Column("DETAIL", "Detail", lambda event: event.detail),
)
