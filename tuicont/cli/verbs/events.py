"""`events`: what happened and what happens."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator

from tuicont.cli.kit.arguments import add_interval
from tuicont.cli.kit.context import Context
from tuicont.cli.kit.docker.events import COLUMNS, JSON_COLUMNS, Subjects, Told, chosen
from tuicont.cli.kit.formats import line_maker
from tuicont.cli.kit.listing import add_filter, print_lines
from tuicont.cli.kit.parser import Command, VerbParser
from tuicont.core.engine.api import Engine
from tuicont.core.model.event import Event
from tuicont.text.units import NANO, plain, timestamp

_ALL = 1 << 31
_BLINK = 0.5
"""Seconds that a wait for events lasts at most: an interrupt is then noticed whatever the engine waits on."""


def _arguments(parser: VerbParser) -> None:
    add_interval(parser)
    add_filter(parser, "event, container, image, label, type, topic, scope")
    parser.option("--format", default="", metavar="FORMAT", help="json (one object a line), or a template")


def _events(args: argparse.Namespace, context: Context) -> int:
    engine, wanted = context.engine, chosen(args.filter)
    line = line_maker(JSON_COLUMNS if args.format == "json" else COLUMNS, args.format) if args.format else _text
    subjects = Subjects(engine.containers.list(), engine.images.list())
    for event in _stream(engine, args.since, args.until):
        told = subjects.tell(event)
        if _since(event, args.since) and wanted(told):
            print_lines([line(told)], flush=True)
    return 0


def _stream(engine: Engine, since_ns: int | None, until_ns: int | None) -> Iterator[Event]:
    """Past events when a time was named, from the first on, as those of births tell what later ones do not; and then
    those to come until `until_ns`."""
    last: int | None = None
    if since_ns is not None or until_ns is not None:
        last = 0
        for event in engine.events.past(limit=_ALL):
            last = event.seq
            if until_ns is not None and event.time_ns >= until_ns:
                return
            yield event
    stream = engine.events.follow(last)
    try:
        while until_ns is None or time.time_ns() < until_ns:
            left = _BLINK if until_ns is None else min(_BLINK, (until_ns - time.time_ns()) / NANO)
            yield from stream.next(max(left, 0.0))
    finally:
        stream.close()


def _since(event: Event, since_ns: int | None) -> bool:
    return since_ns is None or event.time_ns >= since_ns


def _text(told: Told) -> str:
    event = told.event
    detail = {key: value for key, value in event.detail.items() if key != "labels"}
    details = ", ".join(f"{key}={value}" for key, value in {"name": event.name, **detail}.items() if value)
    subject = event.subject.removeprefix("sha256:")[:12]
    return plain(f"{timestamp(event.time_ns)} {event.topic} {subject} ({details})")


COMMANDS = {
    "events": Command(
        _events,
        "[OPTIONS]",
        "tuicont events --since 10m --filter container=web\ntuicont events --filter event=oom --format json",
        _arguments,
    )
}
