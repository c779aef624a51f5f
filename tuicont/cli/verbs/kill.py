"""`kill`: one signal."""

from __future__ import annotations

import argparse

from tuicont.cli.kit.arguments import add_containers
from tuicont.cli.kit.context import Context
from tuicont.cli.kit.each import each
from tuicont.cli.kit.parser import Command, VerbParser


def _arguments(parser: VerbParser) -> None:
    parser.option("-s", "--signal", default="SIGKILL", help="name or number; SIGKILL ends every process")
    add_containers(parser)


def _kill(args: argparse.Namespace, context: Context) -> int:
    tasks = context.engine.tasks
    return each(args.containers, lambda ref: tasks.kill(ref, args.signal), at_once=True)


COMMANDS = {
    "kill": Command(
        _kill,
        "[OPTIONS] CONTAINER [CONTAINER...]",
        "tuicont kill web\ntuicont kill -s HUP web",
        _arguments,
        "running",
    )
}
