"""The kernel's list format (cpuset(7), "List format"): `0-2,5` is 0, 1, 2 and 5. Pure."""

from __future__ import annotations

from collections.abc import Iterable

_LARGEST = 1 << 16


def parse_list(text: str) -> frozenset[int]:
    """The numbers that a list names; none for empty text. Raises `ValueError`."""
    found: set[int] = set()
    for part in filter(None, text.strip().split(",")):
        first, dash, last = part.partition("-")
        if not (first.isascii() and first.isdigit()) or (dash and not (last.isascii() and last.isdigit())):
            raise ValueError(f"{part!r} is neither a number nor a range")
        low, high = int(first), int(last) if dash else int(first)
        if low > high or high >= _LARGEST:
            raise ValueError(f"{part!r} is not an ascending range")
        found.update(range(low, high + 1))
    return frozenset(found)


def format_list(numbers: Iterable[int]) -> str:
    """The shortest list that names them."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and runs[-1][1] == number - 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ",".join(str(low) if low == high else f"{low}-{high}" for low, high in runs)
