"""The flags that limit a container, shared by `run`, `create` and `update`. Pure, but that it warns."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from typing import Any

from tuicont.cli.kit.failure import say
from tuicont.cli.kit.parser import VerbParser
from tuicont.core.engine.api import LIMITS, LITTLE_MEMORY, SMALLEST_MEMORY, Unit
from tuicont.core.model.limits import Limits
from tuicont.text.limits import read

_METAVARS = {Unit.BYTES: "SIZE", Unit.BYTES_OR_NO_LIMIT: "SIZE", Unit.LIST: "LIST", Unit.MICROSECONDS: "MICROSECONDS"}
_ZERO = re.compile(r"0+(\.0*)?")


def add_arguments(parser: VerbParser) -> None:
    """`--memory` and its like."""
    for limit in LIMITS:
        parser.option(
            *limit.flags,
            dest=limit.field,
            type=_or_zero(limit.unit),
            metavar=_METAVARS.get(limit.unit, "N"),
            help=limit.help,
        )


def _or_zero(unit: Unit) -> Callable[[str], Any]:
    """Reads a value; 0 means no limit, as Docker has it."""
    return lambda text: 0 if unit is not Unit.LIST and _ZERO.fullmatch(text.strip()) else read(unit, text)


def limits(args: argparse.Namespace) -> Limits:
    """What the flags name; everything else is `None`. Warns of what is allowed and will hardly do."""
    named = {limit.field: _named(limit.unit, getattr(args, limit.field)) for limit in LIMITS}
    if SMALLEST_MEMORY <= (named["memory"] or 0) < LITTLE_MEMORY:
        little = f"{LITTLE_MEMORY >> 20} MiB"
        say(f"warning: {named['memory']} bytes of memory are few: many programs do not start below {little}")
    return Limits(**named)


def _named(unit: Unit, value: Any) -> Any:
    return -1 if unit is Unit.COUNT_OR_NO_LIMIT and value == 0 else value or None
