"""`exec`: one more process in a container that runs."""

from __future__ import annotations

import argparse
import os

from tuicont.cli.kit import terminal
from tuicont.cli.kit.context import Context
from tuicont.cli.kit.environment import add_env_arguments, env_variables
from tuicont.cli.kit.join import add_detach_keys
from tuicont.cli.kit.parser import Command, VerbParser, take_words
from tuicont.core.errors import Invalid
from tuicont.core.model.request import ExecRequest


def _arguments(parser: VerbParser) -> None:
    parser.flag("-i", "--interactive", help="keep its standard input open")
    parser.flag("-t", "--tty", help="give it a terminal")
    parser.flag("-d", "--detach", help="leave it in the background")
    parser.flag("--privileged", help="give it all capabilities")
    parser.option("-u", "--user", default="", metavar="USER[:GROUP]", help="name or number, from the container's files")
    parser.option("-w", "--workdir", default="", metavar="DIR", help="the directory that the command starts in")
    add_env_arguments(parser)
    add_detach_keys(parser)
    parser.words("CONTAINER", 1)


def _exec(args: argparse.Namespace, context: Context) -> int:
    container, *command = take_words(args)
    if not command:
        raise Invalid(f"exec in {container}", "no command was given", hint=f"such as `tuicont exec -it {container} sh`")
    streams = terminal.Streams(stdin=args.interactive and not args.detach, tty=args.tty)
    if not args.detach:
        terminal.require_terminal(streams)
    rows, cols = terminal.size()
    wanted = ExecRequest(
        command=tuple(command),
        env=env_variables(args, os.environ),
        workdir=args.workdir,
        user=args.user,
        tty=args.tty,
        stdin_open=args.interactive,
        privileged=args.privileged,
        detach=args.detach,
        rows=rows,
        cols=cols,
    )
    session = context.engine.tasks.exec(container, wanted)
    if args.detach:
        session.close()
        return 0
    outcome = terminal.Client(session, streams, detach_keys=args.detach_keys, proxy_signals=True).run()
    return outcome.exit_code


COMMANDS = {
    "exec": Command(
        _exec,
        "[OPTIONS] CONTAINER COMMAND [ARG...]",
        "tuicont exec -it web sh\ntuicont exec -e DEBUG=1 -w /tmp web env",
        _arguments,
        "running",
    )
}
