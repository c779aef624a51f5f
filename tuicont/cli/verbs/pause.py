"""`pause`: freeze every process of containers."""

from __future__ import annotations

import argparse

from tuicont.cli.kit.arguments import add_containers
from tuicont.cli.kit.context import Context
from tuicont.cli.kit.each import each
from tuicont.cli.kit.parser import Command


def _pause(args: argparse.Namespace, context: Context) -> int:
    return each(args.containers, context.engine.tasks.pause)


COMMANDS = {
    "pause": Command(_pause, "CONTAINER [CONTAINER...]", "tuicont pause web", add_containers, "running"),
}
