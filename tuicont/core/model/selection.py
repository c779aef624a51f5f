"""What is chosen among many: by filters `key=value`, by labels, by age. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TypeVar

import msgspec

from tuicont.core.errors import Invalid

T = TypeVar("T")


def selection(
    operation: str,
    filters: Iterable[tuple[str, str]],
    readers: Mapping[str, Callable[[str], Callable[[T], bool]]],
    *,
    every: Collection[str],
) -> Callable[[T], bool]:
    """What tells whether a thing is chosen by filters (key, value). A reader makes the test of a value; all keys must
    hold, each by any of its values, and those that are named in `every` by all. Raises `Invalid`, now, for a key that
    has no reader."""
    tests: dict[str, list[Callable[[T], bool]]] = {}
    for key, value in filters:
        if key not in readers:
            raise Invalid(operation, f"there is no filter {key!r}", hint=f"there are: {', '.join(sorted(readers))}")
        tests.setdefault(key, []).append(readers[key](value))
    return lambda thing: all(
        (all if key in every else any)(test(thing) for test in alternatives) for key, alternatives in tests.items()
    )


def has_label(labels: Mapping[str, str], wanted: str) -> bool:
    """Whether there is a label `NAME`, or with `NAME=VALUE` one of that value."""
    name, equals, value = wanted.partition("=")
    return name in labels and (not equals or labels[name] == value)


class PruneFilter(msgspec.Struct, frozen=True, kw_only=True):
    """What may go: with all of `labels`, with none of `without`, made before `until_ns` (nanoseconds since the epoch;
    None for whenever)."""

    labels: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    until_ns: int | None = None

    def takes(self, labels: Mapping[str, str], created_ns: int) -> bool:
        """Whether a thing with these labels, made then, may go."""
        return (
            all(has_label(labels, wanted) for wanted in self.labels)
            and not any(has_label(labels, wanted) for wanted in self.without)
            and (self.until_ns is None or created_ns < self.until_ns)
        )


EVERYTHING = PruneFilter()
