"""Limits as people type and read them, each by its unit. Pure; knows no limit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tuicont.core.engine.api import Unit
from tuicont.text import units, values

NO_LIMIT = "no limit"

_READ: Mapping[Unit, Callable[[str], Any]] = {
    Unit.BYTES: values.size_or_unlimited,
    Unit.BYTES_OR_NO_LIMIT: values.size_or_unlimited,
    Unit.COUNT_OR_NO_LIMIT: values.count,
    Unit.SHARES: values.whole,
    Unit.MICROSECONDS: values.whole,
    Unit.PROCESSORS: values.processors,
    Unit.LIST: str,
}


def read(unit: Unit, text: str) -> Any:
    """The value that was typed. Raises `ValueError` saying what was expected."""
    return _READ[unit](text)


def typed(unit: Unit, value: Any) -> str:
    """What `read` reads as that value."""
    match unit:
        case Unit.BYTES | Unit.BYTES_OR_NO_LIMIT:
            return values.typed_size(value)
        case Unit.PROCESSORS:
            return values.typed_number(value)
    return str(value)


def told(unit: Unit, value: Any) -> str:
    """The value in a few cells, for whoever reads it; `no limit` for none."""
    if value is None or (unit is not Unit.LIST and value <= 0):
        return NO_LIMIT
    match unit:
        case Unit.BYTES | Unit.BYTES_OR_NO_LIMIT:
            return units.size(value)
        case Unit.PROCESSORS:
            return f"{value:g}"
    return str(value)
