"""`rename`: another name for a container."""

from __future__ import annotations

import argparse

from tuicont.cli.kit.arguments import add_container
from tuicont.cli.kit.context import Context
from tuicont.cli.kit.parser import Command, VerbParser


def _arguments(parser: VerbParser) -> None:
    add_container(parser)
    parser.add_argument("name", metavar="NAME", help="the new name")


def _rename(args: argparse.Namespace, context: Context) -> int:
    context.engine.containers.rename(args.container, args.name)
    return 0


COMMANDS = {
    "rename": Command(_rename, "CONTAINER NAME", "tuicont rename web web-old", _arguments, "containers"),
}
