"""`create` and `run`. The terminal is `terminal.py`'s, the flags are `request.py`'s."""

from __future__ import annotations

import argparse
import os

from tuicont.cli import request, terminal
from tuicont.cli.context import Context
from tuicont.cli.join import add_client_arguments, follow
from tuicont.cli.parser import Command, VerbParser
from tuicont.core.errors import AlreadyExists, EngineError, Invalid, NotFound, kernel_error
from tuicont.core.model.container import Container
from tuicont.core.model.request import ContainerRequest


def _create_arguments(parser: VerbParser) -> None:
    request.add_arguments(parser)
    parser.option("--cidfile", metavar="FILE", help="write the container's id to a new file")


def _run_arguments(parser: VerbParser) -> None:
    _create_arguments(parser)
    parser.flag("-d", "--detach", help="leave it in the background and print its id")
    parser.option(
        "-a",
        "--attach",
        type=str.lower,
        choices=("stdin", "stdout", "stderr"),
        action="append",
        default=[],
        metavar="STREAM",
        help="join only stdin, stdout or stderr",
    )
    add_client_arguments(parser)


def _create(args: argparse.Namespace, context: Context) -> int:
    print(_make(context, request.container_request(args), args.cidfile).id)
    return 0


def _run(args: argparse.Namespace, context: Context) -> int:
    if args.detach and args.attach:
        raise Invalid("run a container", "-d leaves it in the background and -a joins it", hint="keep one of them")
    wanted = request.container_request(args)
    streams = _streams(args.attach, wanted)
    if not args.detach:
        terminal.require_terminal(streams)
    container = _make(context, wanted, args.cidfile)
    try:
        if args.detach:
            context.engine.tasks.start(container.id)
            print(container.id)
            return 0
        rows, cols = terminal.size()
        session = context.engine.tasks.start_attached(container.id, stdin=streams.stdin, rows=rows, cols=cols)
    except EngineError:
        if wanted.auto_remove:
            _remove(context, container.id)
        raise
    outcome = terminal.Client(session, streams, detach_keys=args.detach_keys, proxy_signals=args.sig_proxy).run()
    if outcome.broken and wanted.auto_remove:
        # Nobody can read it any more and nobody asked to keep it.
        _remove(context, container.id)
    elif outcome.ended:
        code = follow(context, container.id, outcome)
        if wanted.auto_remove:
            _remove(context, container.id)
        return code
    return outcome.exit_code


def _streams(attach: list[str], wanted: ContainerRequest) -> terminal.Streams:
    def named(stream: str) -> bool:
        return not attach or stream in attach

    return terminal.Streams(
        stdin=wanted.stdin_open and named("stdin"), stdout=named("stdout"), stderr=named("stderr"), tty=wanted.tty
    )


def _make(context: Context, wanted: ContainerRequest, cidfile: str | None) -> Container:
    if cidfile is None:
        return context.engine.containers.create(wanted)
    operation = f"write the container's id to {cidfile}"
    try:
        fd = os.open(cidfile, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
    except FileExistsError:
        hint = "remove it, or name another file"
        raise AlreadyExists(operation, "the file is there already", hint=hint) from None
    except OSError as error:
        raise kernel_error(operation, f"open {cidfile}", error) from error
    try:
        container = context.engine.containers.create(wanted)
    except BaseException:
        os.unlink(cidfile)
        os.close(fd)
        raise
    os.write(fd, container.id.encode())
    os.close(fd)
    return container


def _remove(context: Context, container_id: str) -> None:
    try:
        context.engine.containers.remove(container_id, force=True)
    except NotFound:
        # Another process of ours that saw it end was quicker.
        return


_EXAMPLE = """\
tuicont run --rm -it demo sh
tuicont run -d --name web -m 64m --cpus 0.5 --pids-limit 64 demo chatter
echo hi | tuicont run --rm -i demo cat"""

COMMANDS = {
    "run": Command(_run, "[OPTIONS] IMAGE [COMMAND] [ARG...]", _EXAMPLE, _run_arguments, "images", short_help=False),
    "create": Command(
        _create,
        "[OPTIONS] IMAGE [COMMAND] [ARG...]",
        "tuicont create --name web -m 64m -v /srv/data:/data:ro demo chatter",
        _create_arguments,
        "images",
        short_help=False,
    ),
}
