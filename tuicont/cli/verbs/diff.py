"""`diff`: which files of a container differ from its image."""

from __future__ import annotations

import argparse

from tuicont.cli.kit.arguments import add_container
from tuicont.cli.kit.context import Context
from tuicont.cli.kit.listing import print_lines
from tuicont.cli.kit.parser import Command
from tuicont.text.units import plain


def _diff(args: argparse.Namespace, context: Context) -> int:
    print_lines(f"{change.kind} {plain(change.path)}" for change in context.engine.views.diff(args.container))
    return 0


COMMANDS = {"diff": Command(_diff, "CONTAINER", "tuicont diff web", add_container, "containers")}
