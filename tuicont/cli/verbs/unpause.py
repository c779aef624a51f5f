"""`unpause`: let paused containers go on."""

from __future__ import annotations

import argparse

from tuicont.cli.kit.arguments import add_containers
from tuicont.cli.kit.context import Context
from tuicont.cli.kit.each import each
from tuicont.cli.kit.parser import Command


def _unpause(args: argparse.Namespace, context: Context) -> int:
    return each(args.containers, context.engine.tasks.unpause)


COMMANDS = {
    "unpause": Command(_unpause, "CONTAINER [CONTAINER...]", "tuicont unpause web", add_containers, "running"),
}
