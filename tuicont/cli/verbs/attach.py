"""`attach`: this terminal joined to a container that runs."""

from __future__ import annotations

import argparse

from tuicont.cli.kit import terminal
from tuicont.cli.kit.arguments import add_container
from tuicont.cli.kit.context import Context
from tuicont.cli.kit.join import add_client_arguments, join
from tuicont.cli.kit.parser import Command, VerbParser


def _arguments(parser: VerbParser) -> None:
    parser.flag("--no-stdin", help="do not join standard input")
    add_client_arguments(parser)
    add_container(parser)


def _attach(args: argparse.Namespace, context: Context) -> int:
    container = context.engine.containers.get(args.container)
    wanted = container.request
    streams = terminal.Streams(stdin=wanted.stdin_open and not args.no_stdin, tty=wanted.tty, beside=True)
    terminal.require_terminal(streams)
    session = context.engine.tasks.attach(container.id, stdin=streams.stdin)
    return join(context.engine, container.id, session, streams, args)


COMMANDS = {
    "attach": Command(_attach, "[OPTIONS] CONTAINER", "tuicont attach --no-stdin web", _arguments, "running"),
}
