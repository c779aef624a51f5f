"""`start`: one container with this terminal joined to it, or any number in the background."""

from __future__ import annotations

import argparse

from tuicont.cli.kit import terminal
from tuicont.cli.kit.arguments import add_containers
from tuicont.cli.kit.context import Context
from tuicont.cli.kit.each import each
from tuicont.cli.kit.join import add_client_arguments, join
from tuicont.cli.kit.parser import Command, VerbParser
from tuicont.core.engine.api import Engine
from tuicont.core.errors import Conflict, Invalid
from tuicont.core.model.state import State


def _arguments(parser: VerbParser) -> None:
    parser.flag("-a", "--attach", help="join its output")
    parser.flag("-i", "--interactive", help="join its standard input too")
    add_client_arguments(parser)
    add_containers(parser)


def _start(args: argparse.Namespace, context: Context) -> int:
    if not (args.attach or args.interactive):
        return each(args.containers, lambda ref: _run(context.engine, ref))
    if len(args.containers) > 1:
        raise Invalid("start containers", "a terminal joins one container only", hint="leave out -a and -i")
    container = context.engine.containers.get(args.containers[0])
    streams = terminal.Streams(stdin=args.interactive and container.request.stdin_open, tty=container.request.tty)
    terminal.require_terminal(streams)
    rows, cols = terminal.size()
    try:
        session = context.engine.tasks.start_attached(container.id, stdin=streams.stdin, rows=rows, cols=cols)
    except Conflict:
        if context.engine.containers.get(container.id).state is not State.RUNNING:
            raise
        session = context.engine.tasks.attach(container.id, stdin=streams.stdin)
        streams = streams._replace(beside=True)
    return join(context.engine, container.id, session, streams, args)


def _run(engine: Engine, ref: str) -> None:
    """That it runs already is what was wanted; a frozen one does not."""
    try:
        engine.tasks.start(ref)
    except Conflict:
        if engine.containers.get(ref).state is not State.RUNNING:
            raise


COMMANDS = {
    "start": Command(
        _start,
        "[OPTIONS] CONTAINER [CONTAINER...]",
        "tuicont start web worker\ntuicont start -ai shell",
        _arguments,
        "containers",
    )
}
