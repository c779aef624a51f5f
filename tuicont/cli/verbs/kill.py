"""`kill`: one signal."""

from __future__ import annotations

import argparse

from tuicont.cli.kit.arguments import add_containers
from tuicont.cli.kit.context import Context
from tuicont.cli.kit.each import each
from tuicont.cli.kit.failure import say
from tuicont.cli.kit.parser import Command, VerbParser
from tuicont.core.model.state import State


def _arguments(parser: VerbParser) -> None:
    parser.option("-s", "--signal", default="SIGKILL", help="name or number; SIGKILL ends every process")
    add_containers(parser)


def _kill(args: argparse.Namespace, context: Context) -> int:
    def kill(ref: str) -> None:
        container = context.engine.tasks.kill(ref, args.signal)
        if container.state is State.PAUSED:
            say(f"{container.name} is paused: it takes {args.signal} when it is unpaused")

    return each(args.containers, kill, at_once=True)


COMMANDS = {
    "kill": Command(
        _kill,
        "[OPTIONS] CONTAINER [CONTAINER...]",
        "tuicont kill web\ntuicont kill -s HUP web",
        _arguments,
        "running",
    )
}
