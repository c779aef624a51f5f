"""`events`: what happened and what happens."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator

from tuicont.cli.kit.arguments import add_interval
from tuicont.cli.kit.context import Context
from tuicont.cli.kit.docker.events import COLUMNS, action
from tuicont.cli.kit.formats import line_maker
from tuicont.cli.kit.listing import add_filter, print_lines
from tuicont.cli.kit.parser import Command, VerbParser
from tuicont.cli.kit.words import NANO, timestamp
from tuicont.core.engine.api import Engine
from tuicont.core.errors import Invalid
from tuicont.core.model.event import CONTAINER, IMAGE, Event
from tuicont.text.units import plain

_ALL = 1 << 31
_BLINK = 0.5
"""Seconds that a wait for events lasts at most: an interrupt is then noticed whatever the engine waits on."""


def _arguments(parser: VerbParser) -> None:
    add_interval(parser)
    add_filter(parser, "event, container, image, type, topic")
    parser.option("--format", default="", metavar="FORMAT", help="json (one object a line), or a template")


def _events(args: argparse.Namespace, context: Context) -> int:
    wanted = _matcher(context.engine, args.filter)
    line = line_maker(COLUMNS, args.format) if args.format else _text
    for event in _stream(context.engine, args.since, args.until):
        if wanted(event):
            print_lines([line(event)], flush=True)
    return 0


def _stream(engine: Engine, since_ns: int | None, until_ns: int | None) -> Iterator[Event]:
    """Past events when a time was named (`--until` alone: all up to it), and then those to come until `until_ns`."""
    last: int | None = None
    if since_ns is not None or until_ns is not None:
        last = 0
        for event in engine.events.past(limit=_ALL):
            last = event.seq
            if until_ns is not None and event.time_ns >= until_ns:
                return
            if since_ns is None or event.time_ns >= since_ns:
                yield event
    stream = engine.events.follow(last)
    try:
        while until_ns is None or time.time_ns() < until_ns:
            left = _BLINK if until_ns is None else min(_BLINK, (until_ns - time.time_ns()) / NANO)
            yield from stream.next(max(left, 0.0))
    finally:
        stream.close()


def _matcher(engine: Engine, filters: list[tuple[str, str]]) -> Callable[[Event], bool]:
    """Values of one key are alternatives; different keys must all match."""
    tests: dict[str, Callable[[Event, str], bool]] = {
        "event": lambda event, value: action(event) == value,
        "topic": lambda event, value: event.topic == value,
        "container": lambda event, value: event.about == CONTAINER and _is(event, value),
        "image": lambda event, value: event.about == IMAGE and _is(event, value),
        "type": lambda event, value: event.about == value,
    }
    by_key: dict[str, list[str]] = {}
    for key, value in filters:
        if key not in tests:
            raise Invalid("filter events", f"there is no filter {key!r}", hint=f"there are: {', '.join(tests)}")
        by_key.setdefault(key, []).append(value)
    return lambda event: all(any(tests[k](event, v) for v in alternatives) for k, alternatives in by_key.items())


def _is(event: Event, value: str) -> bool:
    return event.name == value or event.subject.removeprefix("sha256:").startswith(value)


def _text(event: Event) -> str:
    details = ", ".join(f"{key}={value}" for key, value in {"name": event.name, **event.detail}.items() if value)
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
