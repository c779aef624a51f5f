"""`stats`: what containers use, once or again every second."""

from __future__ import annotations

import argparse
import sys
import time
from typing import Any

from tuicont.cli.context import Context
from tuicont.cli.listing import Column, add_format, lines
from tuicont.cli.parser import Command, VerbParser
from tuicont.cli.words import binary_size, decimal_size
from tuicont.core.model.container import Container
from tuicont.core.model.snapshot import Snapshot
from tuicont.core.model.stats import Rates, Sample

_COLUMNS = (
    Column("CONTAINER ID", "ID"),
    Column("NAME", "Name"),
    Column("CPU %", "CPUPerc"),
    Column("MEM USAGE / LIMIT", "MemUsage"),
    Column("MEM %", "MemPerc"),
    Column("BLOCK I/O", "BlockIO"),
    Column("PIDS", "PIDs"),
)
_FIRST_INTERVAL, _INTERVAL = 0.5, 1.0
_HOME, _CLEAR_LINE, _CLEAR_BELOW = "\x1b[H", "\x1b[K", "\x1b[J"
_UNKNOWN = "--"


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
        text = lines(_rows(engine.metrics.snapshot(), wanted, args), _COLUMNS, args.format)
        if live:
            print(_HOME + "".join(f"{line}{_CLEAR_LINE}\n" for line in text) + _CLEAR_BELOW, end="", flush=True)
        else:
            print("".join(f"{line}\n" for line in text), end="", flush=True)
        if args.no_stream:
            return 0
        time.sleep(_INTERVAL)


def _rows(snapshot: Snapshot, wanted: set[str], args: argparse.Namespace) -> list[dict[str, Any]]:
    return [
        _row(c, snapshot.samples.get(c.id), snapshot.rates.get(c.id, Rates()), whole=args.no_trunc)
        for c in snapshot.containers
        if (c.id in wanted if wanted else args.all or c.state.alive)
    ]


def _row(container: Container, sample: Sample | None, rates: Rates, *, whole: bool) -> dict[str, Any]:
    row: dict[str, Any] = {"ID": container.id if whole else container.short_id, "Name": container.name}
    if sample is None:
        return row | {
            "CPUPerc": _UNKNOWN,
            "MemUsage": f"{_UNKNOWN} / {_UNKNOWN}",
            "MemPerc": _UNKNOWN,
            "BlockIO": f"{_UNKNOWN} / {_UNKNOWN}",
            "PIDs": _UNKNOWN,
        }
    limited = sample.memory_limit > 0 and sample.memory >= 0
    return row | {
        "CPUPerc": f"{rates.cpu:.2f}%",
        "MemUsage": f"{_known(sample.memory, binary_size)} / {_known(sample.memory_limit, binary_size, least=1)}",
        "MemPerc": f"{100 * sample.memory / sample.memory_limit:.2f}%" if limited else _UNKNOWN,
        "BlockIO": f"{_known(sample.read_bytes, decimal_size)} / {_known(sample.write_bytes, decimal_size)}",
        "PIDs": _known(sample.pids, lambda count: str(int(count))),
    }


def _known(value: int, text: Any, *, least: int = 0) -> str:
    return str(text(value)) if value >= least else _UNKNOWN


COMMANDS = {
    "stats": Command(
        _stats,
        "[OPTIONS] [CONTAINER...]",
        "tuicont stats\ntuicont stats --no-stream --format json web",
        _arguments,
        "running",
    )
}
