"""`tui`, and no verb at all: the workstation. Textual is imported here and nowhere else below `cli`."""

from __future__ import annotations

import argparse

from tuicont.cli.kit.context import Context, require_root
from tuicont.cli.kit.parser import Command, VerbParser


def _arguments(parser: VerbParser) -> None:
    parser.flag("--read-only", help="without any key that changes something")


def _tui(args: argparse.Namespace, context: Context) -> int:
    require_root()
    from tuicont.app import main

    return main(context.root, context.run_root, config=context.config, read_only=bool(args.read_only))


COMMANDS = {"tui": Command(_tui, "[OPTIONS]", "tuicont tui --read-only", _arguments)}
