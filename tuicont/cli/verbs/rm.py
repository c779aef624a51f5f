"""`rm`: remove containers."""

from __future__ import annotations

import argparse

from tuicont.cli.kit.arguments import add_containers
from tuicont.cli.kit.context import Context
from tuicont.cli.kit.each import each
from tuicont.cli.kit.parser import Command, VerbParser
from tuicont.core.errors import NotFound


def _arguments(parser: VerbParser) -> None:
    parser.flag("-f", "--force", help="kill it first when it runs; a container that is not there is no error")
    parser.ignored("-v", "--volumes", why="with the volumes that have no name: there are none")
    add_containers(parser)


def _rm(args: argparse.Namespace, context: Context) -> int:
    gone = (NotFound,) if args.force else ()
    engine = context.engine
    return each(
        args.containers,
        lambda ref: engine.containers.remove(ref, force=args.force),
        passing_over=gone,
        at_once=True,
    )


COMMANDS = {
    "rm": Command(
        _rm,
        "[OPTIONS] CONTAINER [CONTAINER...]",
        "tuicont rm -f web\ntuicont rm $(tuicont ps -aq)",
        _arguments,
        "containers",
    )
}
