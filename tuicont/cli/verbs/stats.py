"""`stats`: what containers use, once or again every second."""

from __future__ import annotations

import argparse
import sys
import time

from tuicont.cli.kit.context import Context
from tuicont.cli.kit.docker.usage import COLUMNS, Used
from tuicont.cli.kit.listing import add_format, lines
from tuicont.cli.kit.parser import Command, VerbParser
from tuicont.core.model.snapshot import Snapshot
from tuicont.core.model.stats import Rates

_FIRST_INTERVAL, _INTERVAL = 0.5, 1.0
_HOME, _CLEAR_LINE, _CLEAR_BELOW = "\x1b[H", "\x1b[K", "\x1b[J"


def _arguments(parser: VerbParser) -> None:
    parser.flag("-a", "--all", help="also those that do not run")
    parser.flag("--no-stream", help="print once and end")
    parser.flag("--no-trunc", help="do not shorten ids")
    add_format(parser)
    parser.add_argument("containers", nargs="*", metavar="CONTAINER", help="name or id (all that run)")


def _stats(args: argparse.Namespace, context: Context) -> int:
    engine = context.engine
    wanted = {engine.containers.get(ref).id for ref in args.containers}
    engine.metrics.snapshot()
    time.sleep(_FIRST_INTERVAL)
    live = sys.stdout.isatty() and not args.no_stream and args.format.startswith("table")
    if live:
        sys.stdout.write(_HOME + _CLEAR_BELOW)
    while True:
        text = lines(_rows(engine.metrics.snapshot(), wanted, args), COLUMNS, args.format)
        if live:
            print(_HOME + "".join(f"{line}{_CLEAR_LINE}\n" for line in text) + _CLEAR_BELOW, end="", flush=True)
        else:
            print("".join(f"{line}\n" for line in text), end="", flush=True)
        if args.no_stream:
            return 0
        time.sleep(_INTERVAL)


def _rows(snapshot: Snapshot, wanted: set[str], args: argparse.Namespace) -> list[Used]:
    return [
        Used(c, snapshot.samples.get(c.id), snapshot.rates.get(c.id, Rates()), args.no_trunc)
        for c in snapshot.containers
        if (c.id in wanted if wanted else args.all or c.state.alive)
    ]


COMMANDS = {
    "stats": Command(
        _stats,
        "[OPTIONS] [CONTAINER...]",
        "tuicont stats\ntuicont stats --no-stream --format json web",
        _arguments,
        "running",
    )
}
