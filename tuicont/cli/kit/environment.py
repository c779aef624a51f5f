"""`-e` and `--env-file`, and the variables that they ask for. Reads the files that are named."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from tuicont.cli.kit.parser import VerbParser
from tuicont.core.errors import Invalid
from tuicont.text import values


def add_env_arguments(parser: VerbParser) -> None:
    """`-e` and `--env-file`."""
    parser.many("-e", "--env", metavar="NAME[=VALUE]", help="an environment variable; without a value, this shell's")
    parser.many("--env-file", metavar="FILE", help="read environment variables from a file")


def env_variables(args: argparse.Namespace, environment: Mapping[str, str]) -> tuple[str, ...]:
    """`--env-file` and then `-e`; a name alone takes its value from `environment`, and unsets what is not there."""
    wanted = [line for path in args.env_file for line in read_lines(path)] + args.env
    result = []
    for text in wanted:
        name, separator, _ = text.partition("=")
        if not name:
            raise Invalid("read the command line", f"-e {text!r} names no variable")
        known = not separator and name in environment
        result.append(f"{name}={environment[name]}" if known else text)
    return tuple(result)


def read_lines(path: str) -> list[str]:
    """The lines of an environment or label file that say something. Raises `Invalid`."""
    try:
        with open(path, encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            return values.variable_lines(file.read(), path)
    except OSError as error:
        raise Invalid("read the command line", f"{path}: {(error.strerror or '').lower()}") from None
    except ValueError as error:
        raise Invalid("read the command line", str(error)) from None
