"""`create`: a container that is not started yet."""

from __future__ import annotations

import argparse

from tuicont.cli.kit.context import Context
from tuicont.cli.kit.making import add_arguments, make
from tuicont.cli.kit.parser import Command
from tuicont.cli.kit.request import container_request


def _create(args: argparse.Namespace, context: Context) -> int:
    print(make(context.engine, container_request(args), args.cidfile).id)
    return 0


COMMANDS = {
    "create": Command(
        _create,
        "[OPTIONS] IMAGE [COMMAND] [ARG...]",
        "tuicont create --name web -m 64m -v /srv/data:/data:ro demo chatter",
        add_arguments,
        "images",
        short_help=False,
    )
}
