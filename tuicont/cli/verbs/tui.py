"""`tui`, and no verb at all: the workstation. Textual is imported here and nowhere else below `cli`."""

from __future__ import annotations

import argparse
import gc
import sys

from tuicont.cli.kit.context import Context
from tuicont.cli.kit.parser import Command, VerbParser
from tuicont.core.errors import Unsupported
from tuicont.opening import Opening


def _arguments(parser: VerbParser) -> None:
    parser.flag("--read-only", help="without any key that changes something")


def _tui(args: argparse.Namespace, context: Context) -> int:
    opener, config = context.opener(), context.config
    # Textual reads the one and draws on the other.
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise Unsupported("open the TUI", "this is no terminal", hint="the verbs need none: see `tuicont --help`")
    # Until the engine is open (see `Bridge`): what is imported and made meanwhile stays, and to look for garbage in it
    # is an eighth of the way to the first picture.
    gc.disable()
    opening = Opening(opener)
    from tuicont.app import run

    return run(opening, config, read_only=bool(args.read_only))


COMMANDS = {"tui": Command(_tui, "[OPTIONS]", "tuicont tui --read-only", _arguments)}
