"""The formats of cgroup files, as pure functions from text to values.

Knows no path. A line that is not in the format raises `ValueError` naming the line; the caller adds the
file. Formats: Documentation/admin-guide/cgroup-v2.rst ("Format").
"""

from __future__ import annotations


def parse_number(text: str) -> int | None:
    """A single number; None for `max`."""
    word = text.strip()
    if word == "max":
        return None
    return _number(word, text)


def parse_flat_keyed(text: str) -> dict[str, int]:
    """Lines of `key value`: memory.stat, cpu.stat, memory.events, cgroup.events."""
    values: dict[str, int] = {}
    for line in filter(None, text.split("\n")):
        key, space, value = line.partition(" ")
        if not key or not space:
            raise ValueError(f"not `key value`: {line!r}")
        values[key] = _number(value.strip(), line)
    return values


def parse_pids(data: bytes) -> list[int]:
    """cgroup.procs: one pid a line; 0 stands for a process outside of our pid namespace and is left out."""
    return [pid for pid in map(int, data.split()) if pid]


def _number(word: str, line: str) -> int:
    if not (word.isascii() and word.removeprefix("-").isdigit()):
        raise ValueError(f"not a number: {word!r} in {line!r}")
    return int(word)
