"""Booleans as text: one reading of them for flags, options, filters and the configuration file. Pure."""

from __future__ import annotations

_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
_FALSE = frozenset({"0", "f", "F", "FALSE", "false", "False"})


def boolean(text: str) -> bool:
    """What Docker's flags take (strconv.ParseBool of Go). Raises `ValueError` for anything else."""
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    raise ValueError(f"{text!r} is neither true nor false")
