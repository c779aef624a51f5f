"""`tui`, and no verb at all: the workstation. Textual is imported here and nowhere else below `cli`."""

from __future__ import annotations

import argparse

from tuicont.cli.kit.context import Context
from tuicont.cli.kit.parser import Command, VerbParser


def _arguments(parser: VerbParser) -> None:
    parser.flag("--read-only", help="without any key that changes something")


def _tui(args: argparse.Namespace, context: Context) -> int:
    opener = context.opener()
    from tuicont.app import main

    return main(opener, context.config, read_only=bool(args.read_only))


COMMANDS = {"tui": Command(_tui, "[OPTIONS]", "tuicont tui --read-only", _arguments)}
