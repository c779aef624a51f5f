"""`stop`: a signal, a while to end, then SIGKILL."""

from __future__ import annotations

import argparse

from tuicont.cli.kit.arguments import add_containers, add_time_out
from tuicont.cli.kit.context import Context
from tuicont.cli.kit.each import each
from tuicont.cli.kit.parser import Command, VerbParser
from tuicont.core.engine.api import Engine
from tuicont.core.errors import Conflict


def _arguments(parser: VerbParser) -> None:
    parser.option("-s", "--signal", default="", help="the first signal (the container's own, or SIGTERM)")
    add_time_out(parser)
    add_containers(parser)


def _stop(args: argparse.Namespace, context: Context) -> int:
    engine = context.engine
    return each(args.containers, lambda ref: _end(engine, ref, args), at_once=True)


def _end(engine: Engine, ref: str, args: argparse.Namespace) -> None:
    """That it does not run is what was wanted."""
    try:
        engine.tasks.stop(ref, signal=args.signal, timeout=args.time)
    except Conflict:
        if engine.containers.get(ref).state.alive:
            raise


COMMANDS = {
    "stop": Command(_stop, "[OPTIONS] CONTAINER [CONTAINER...]", "tuicont stop -t 3 web worker", _arguments, "running")
}
