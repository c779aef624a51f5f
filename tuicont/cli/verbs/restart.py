"""`restart`: stop and start."""

from __future__ import annotations

import argparse

from tuicont.cli.kit.arguments import add_containers, add_time_out
from tuicont.cli.kit.context import Context
from tuicont.cli.kit.each import each
from tuicont.cli.kit.parser import Command, VerbParser


def _arguments(parser: VerbParser) -> None:
    add_time_out(parser)
    add_containers(parser)


def _restart(args: argparse.Namespace, context: Context) -> int:
    tasks = context.engine.tasks
    return each(args.containers, lambda ref: tasks.restart(ref, timeout=args.time), at_once=True)


COMMANDS = {
    "restart": Command(
        _restart, "[OPTIONS] CONTAINER [CONTAINER...]", "tuicont restart -t 3 web", _arguments, "containers"
    )
}
