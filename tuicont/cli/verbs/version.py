"""`version`: of this program and of what it runs on."""

from __future__ import annotations

import argparse
import sys

from tuicont import __version__
from tuicont.cli.kit.context import Context
from tuicont.cli.kit.docker.engine import facts, version
from tuicont.cli.kit.formats import formatter
from tuicont.cli.kit.listing import add_line_format, print_lines, table
from tuicont.cli.kit.parser import Command, VerbParser


def _arguments(parser: VerbParser) -> None:
    parser.flag("--short", help="one line only")
    add_line_format(parser, "{{.version}}")


def _version(args: argparse.Namespace, context: Context) -> int:
    if args.short:
        print(f"tuicont version {__version__}")
        return 0
    python = sys.version.split()[0]
    told = facts(__version__, python)
    if args.format:
        print(formatter(args.format)(version(__version__, python) | told))
    else:
        print_lines(table([(f"{name.replace('_', ' ')}:", value) for name, value in told.items()]))
    return 0


COMMANDS = {"version": Command(_version, "[OPTIONS]", "tuicont version", _arguments)}
