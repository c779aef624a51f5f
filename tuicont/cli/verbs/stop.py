"""`stop`: a signal, a while to end, then SIGKILL."""

from __future__ import annotations

import argparse

from tuicont.cli.kit.arguments import add_containers, add_time_out
from tuicont.cli.kit.context import Context
from tuicont.cli.kit.each import each
from tuicont.cli.kit.parser import Command, VerbParser


def _arguments(parser: VerbParser) -> None:
    parser.option("-s", "--signal", default="", help="the first signal (the container's own, or SIGTERM)")
    add_time_out(parser)
    add_containers(parser)


def _stop(args: argparse.Namespace, context: Context) -> int:
    tasks = context.engine.tasks
    return each(args.containers, lambda ref: tasks.stop(ref, signal=args.signal, timeout=args.time), at_once=True)


COMMANDS = {
    "stop": Command(_stop, "[OPTIONS] CONTAINER [CONTAINER...]", "tuicont stop -t 3 web worker", _arguments, "running")
}
