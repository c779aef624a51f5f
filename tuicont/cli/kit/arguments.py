"""Arguments that several verbs take and mean alike."""

from __future__ import annotations

import time

from tuicont.cli.kit.parser import VerbParser
from tuicont.text import values

_REF = "name or id"


def add_container(parser: VerbParser) -> None:
    """One container (`args.container`)."""
    parser.add_argument("container", metavar="CONTAINER", help=_REF)


def add_containers(parser: VerbParser) -> None:
    """One container or more (`args.containers`)."""
    parser.add_argument("containers", nargs="+", metavar="CONTAINER", help=_REF)


def add_time_out(parser: VerbParser) -> None:
    """`--time`: what a stop waits, in seconds."""
    parser.option(
        "-t",
        "--time",
        "--timeout",
        type=values.patience,
        metavar="SECONDS",
        help="what to wait after the signal before killing (the container's own, or 10); -1 waits on",
    )


def add_interval(parser: VerbParser) -> None:
    """`--since` and `--until`, as nanoseconds since the epoch."""
    for name, text in (("--since", "not before this time (or 10m ago)"), ("--until", "before this time (or 10m ago)")):
        parser.option(name, type=lambda t: values.moment_ns(t, time.time_ns()), metavar="TIME", help=text)
