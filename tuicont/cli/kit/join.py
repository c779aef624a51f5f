"""What the verbs share that join a process: the client's flags, and the exit code of what they joined."""

from __future__ import annotations

import argparse

from tuicont.cli.kit import terminal
from tuicont.cli.kit.parser import VerbParser
from tuicont.core.engine.api import Engine, Session
from tuicont.core.errors import NotFound
from tuicont.text import values


def add_detach_keys(parser: VerbParser) -> None:
    """`--detach-keys`."""
    parser.option(
        "--detach-keys",
        type=values.detach_keys,
        default=values.detach_keys("ctrl-p,ctrl-q"),
        metavar="KEYS",
        help="the keys that leave the terminal and let the process go on (ctrl-p,ctrl-q)",
    )


def add_client_arguments(parser: VerbParser) -> None:
    """`--detach-keys` and `--sig-proxy`."""
    add_detach_keys(parser)
    parser.option(
        "--sig-proxy", type=values.boolean, default=True, metavar="BOOL", help="pass signals on to the process (true)"
    )


def join(
    engine: Engine, container_id: str, session: Session, streams: terminal.Streams, args: argparse.Namespace
) -> int:
    """Serve a session with a container's own process to its end, or until the keys that leave it; the exit code."""
    outcome = terminal.Client(session, streams, detach_keys=args.detach_keys, proxy_signals=args.sig_proxy).run()
    return follow(engine, container_id, outcome) if outcome.ended else outcome.exit_code


def follow(engine: Engine, container_id: str, outcome: terminal.Outcome) -> int:
    """The exit code of a container that ended, once the engine has noted its end too."""
    try:
        status = engine.tasks.wait(container_id)
    except NotFound:
        # Removed by itself (`--rm`) before we asked.
        return outcome.exit_code
    return status.code if outcome.code is None else outcome.code
