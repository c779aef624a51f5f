"""`update`: other limits for containers."""

from __future__ import annotations

import argparse

from tuicont.cli.kit import limits
from tuicont.cli.kit.arguments import add_containers
from tuicont.cli.kit.context import Context
from tuicont.cli.kit.each import each
from tuicont.cli.kit.parser import Command, VerbParser
from tuicont.core.errors import Invalid
from tuicont.core.model.limits import Limits


def _arguments(parser: VerbParser) -> None:
    limits.add_arguments(parser)
    add_containers(parser)


def _update(args: argparse.Namespace, context: Context) -> int:
    change = limits.limits(args)
    if change == Limits():
        raise Invalid(
            "update containers",
            "no limit was named that changes anything",
            hint="0 changes nothing; -1 takes a limit of memory, swap or processes away",
        )
    return each(args.containers, lambda ref: context.engine.containers.update(ref, change))


COMMANDS = {
    "update": Command(
        _update,
        "[OPTIONS] CONTAINER [CONTAINER...]",
        "tuicont update -m 128m --memory-swap 128m web\ntuicont update --cpus 0.5 --pids-limit 32 web worker",
        _arguments,
        "containers",
    )
}
