"""`wait`: until containers have ended; their exit codes."""

from __future__ import annotations

import argparse

from tuicont.cli.kit.arguments import add_containers
from tuicont.cli.kit.context import Context
from tuicont.cli.kit.each import each
from tuicont.cli.kit.parser import Command


def _wait(args: argparse.Namespace, context: Context) -> int:
    return each(args.containers, context.engine.tasks.wait, show=lambda status: str(status.code))


COMMANDS = {
    "wait": Command(_wait, "CONTAINER [CONTAINER...]", "tuicont wait web", add_containers, "containers"),
}
