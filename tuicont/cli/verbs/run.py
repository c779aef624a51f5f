"""`run`: a container made, started, and joined by this terminal or left in the background."""

from __future__ import annotations

import argparse

from tuicont.cli.kit import terminal
from tuicont.cli.kit.context import Context
from tuicont.cli.kit.join import add_client_arguments, follow
from tuicont.cli.kit.making import add_arguments, make
from tuicont.cli.kit.parser import Command, VerbParser
from tuicont.cli.kit.request import container_request
from tuicont.core.engine.api import Engine
from tuicont.core.errors import EngineError, Invalid, NotFound
from tuicont.core.model.request import ContainerRequest


def _arguments(parser: VerbParser) -> None:
    add_arguments(parser)
    parser.flag("-d", "--detach", help="leave it in the background and print its id")
    parser.many(
        "-a",
        "--attach",
        type=str.lower,
        choices=("stdin", "stdout", "stderr"),
        metavar="STREAM",
        help="join only stdin, stdout or stderr",
    )
    add_client_arguments(parser)


def _run(args: argparse.Namespace, context: Context) -> int:
    if args.detach and args.attach:
        raise Invalid("run a container", "-d leaves it in the background and -a joins it", hint="keep one of them")
    wanted = container_request(args)
    streams = _streams(args.attach, wanted)
    if not args.detach:
        terminal.require_terminal(streams)
    engine = context.engine
    container = make(engine, wanted, args.cidfile)
    try:
        if args.detach:
            engine.tasks.start(container.id)
            print(container.id)
            return 0
        rows, cols = terminal.size()
        session = engine.tasks.start_attached(container.id, stdin=streams.stdin, rows=rows, cols=cols)
    except (EngineError, KeyboardInterrupt):
        if wanted.auto_remove:
            _remove(engine, container.id)
        raise
    outcome = terminal.Client(session, streams, detach_keys=args.detach_keys, proxy_signals=args.sig_proxy).run()
    if outcome.broken and wanted.auto_remove:
        # Nobody can read it any more and nobody asked to keep it.
        _remove(engine, container.id)
    elif outcome.ended:
        code = follow(engine, container.id, outcome)
        if wanted.auto_remove:
            _remove(engine, container.id)
        return code
    return outcome.exit_code


def _streams(attach: list[str], wanted: ContainerRequest) -> terminal.Streams:
    def named(stream: str) -> bool:
        return not attach or stream in attach

    return terminal.Streams(
        stdin=wanted.stdin_open and named("stdin"), stdout=named("stdout"), stderr=named("stderr"), tty=wanted.tty
    )


def _remove(engine: Engine, container_id: str) -> None:
    try:
        engine.containers.remove(container_id, force=True)
    except NotFound:
        # Another process of ours that saw it end was quicker.
        return


_EXAMPLE = """\
tuicont run --rm -it demo sh
tuicont run -d --name web -m 64m --cpus 0.5 --pids-limit 64 demo chatter
echo hi | tuicont run --rm -i demo cat"""

COMMANDS = {
    "run": Command(_run, "[OPTIONS] IMAGE [COMMAND] [ARG...]", _EXAMPLE, _arguments, "images", short_help=False),
}
