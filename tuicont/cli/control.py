"""The verbs that change a container's state by one engine call: stop, kill, pause, rm and their like."""

from __future__ import annotations

import argparse

from tuicont.cli.context import Context
from tuicont.cli.each import each
from tuicont.cli.parser import Command, VerbParser
from tuicont.core.errors import NotFound
from tuicont.core.model.container import ExitStatus
from tuicont.text import values


def _containers(parser: VerbParser) -> None:
    parser.add_argument("containers", nargs="+", metavar="CONTAINER", help="name or id")


def _time_out(parser: VerbParser) -> None:
    parser.option(
        "-t",
        "--time",
        "--timeout",
        type=values.seconds,
        metavar="SECONDS",
        help="what to wait after the signal before killing (the container's own, or 10)",
    )


def _stop_arguments(parser: VerbParser) -> None:
    parser.option("-s", "--signal", default="", help="the first signal (the container's own, or SIGTERM)")
    _time_out(parser)
    _containers(parser)


def _kill_arguments(parser: VerbParser) -> None:
    parser.option("-s", "--signal", default="SIGKILL", help="name or number; SIGKILL ends every process")
    _containers(parser)


def _restart_arguments(parser: VerbParser) -> None:
    _time_out(parser)
    _containers(parser)


def _rm_arguments(parser: VerbParser) -> None:
    parser.flag("-f", "--force", help="kill it first when it runs; a container that is not there is no error")
    _containers(parser)


def _rename_arguments(parser: VerbParser) -> None:
    parser.add_argument("container", metavar="CONTAINER", help="name or id")
    parser.add_argument("name", metavar="NAME", help="the new name")


def _stop(args: argparse.Namespace, context: Context) -> int:
    return each(args.containers, lambda ref: context.engine.tasks.stop(ref, signal=args.signal, timeout=args.time))


def _kill(args: argparse.Namespace, context: Context) -> int:
    return each(args.containers, lambda ref: context.engine.tasks.kill(ref, args.signal))


def _restart(args: argparse.Namespace, context: Context) -> int:
    return each(args.containers, lambda ref: context.engine.tasks.restart(ref, timeout=args.time))


def _pause(args: argparse.Namespace, context: Context) -> int:
    return each(args.containers, context.engine.tasks.pause)


def _unpause(args: argparse.Namespace, context: Context) -> int:
    return each(args.containers, context.engine.tasks.unpause)


def _rm(args: argparse.Namespace, context: Context) -> int:
    gone = (NotFound,) if args.force else ()
    return each(args.containers, lambda ref: context.engine.containers.remove(ref, force=args.force), passing_over=gone)


def _wait(args: argparse.Namespace, context: Context) -> int:
    def code(status: object) -> str:
        assert isinstance(status, ExitStatus)
        return str(status.code)

    return each(args.containers, context.engine.tasks.wait, show=code)


def _rename(args: argparse.Namespace, context: Context) -> int:
    context.engine.containers.rename(args.container, args.name)
    return 0


_SOME = "[OPTIONS] CONTAINER [CONTAINER...]"

COMMANDS = {
    "stop": Command(_stop, _SOME, "tuicont stop -t 3 web worker", _stop_arguments, "running"),
    "kill": Command(_kill, _SOME, "tuicont kill web\ntuicont kill -s HUP web", _kill_arguments, "running"),
    "restart": Command(_restart, _SOME, "tuicont restart -t 3 web", _restart_arguments, "containers"),
    "pause": Command(_pause, "CONTAINER [CONTAINER...]", "tuicont pause web", _containers, "running"),
    "unpause": Command(_unpause, "CONTAINER [CONTAINER...]", "tuicont unpause web", _containers, "running"),
    "rm": Command(_rm, _SOME, "tuicont rm -f web\ntuicont rm $(tuicont ps -aq)", _rm_arguments, "containers"),
    "wait": Command(_wait, "CONTAINER [CONTAINER...]", "tuicont wait web", _containers, "containers"),
    "rename": Command(_rename, "CONTAINER NAME", "tuicont rename web web-old", _rename_arguments, "containers"),
}
