"""`--filter` where what it says is a time, and of the prunes. Pure but for the clock."""

from __future__ import annotations

import time

from tuicont.core.errors import Invalid
from tuicont.core.model.selection import PruneFilter
from tuicont.text import values

PRUNING = "until, label, label!"
"""The filters of every prune."""


def until_ns(operation: str, text: str) -> int:
    """The moment of `until=`, in nanoseconds since the epoch. Raises `Invalid`."""
    try:
        return values.moment_ns(text, time.time_ns())
    except ValueError as error:
        raise Invalid(operation, f"until={text}: {error}") from None


def prune_filter(operation: str, filters: list[tuple[str, str]]) -> PruneFilter:
    """What the filters of a prune ask for; the earliest of several times counts. Raises `Invalid`."""
    known: dict[str, list[str]] = {key: [] for key in PRUNING.split(", ")}
    for key, value in filters:
        if key not in known:
            raise Invalid(operation, f"there is no filter {key!r}", hint=f"there are: {PRUNING}")
        known[key].append(value)
    times = [until_ns(operation, text) for text in known["until"]]
    return PruneFilter(
        labels=tuple(known["label"]), without=tuple(known["label!"]), until_ns=min(times) if times else None
    )
