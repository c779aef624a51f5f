"""The formats of cgroup files, as pure functions from text to values.

Knows no path. A line that is not in the format raises `ValueError` naming the line; the caller adds the
file. Formats: Documentation/admin-guide/cgroup-v2.rst ("Format") and Documentation/accounting/psi.rst.
"""

from __future__ import annotations

from typing import NamedTuple

from tuicont.core.model.stats import Pressure


class CpuMax(NamedTuple):
    """cpu.max: microseconds of processor time a period; `quota` None is no limit."""

    quota: int | None
    period: int


def parse_number(text: str) -> int | None:
    """A single number; None for `max`."""
    word = text.strip()
    if word == "max":
        return None
    return _number(word, text)


def parse_flat_keyed(text: str) -> dict[str, int]:
    """Lines of `key value`: memory.stat, cpu.stat, memory.events, cgroup.events."""
    values: dict[str, int] = {}
    for line in text.splitlines():
        key, space, value = line.partition(" ")
        if not key or not space:
            raise ValueError(f"not `key value`: {line!r}")
        values[key] = _number(value.strip(), line)
    return values


def parse_nested_keyed(text: str) -> dict[str, dict[str, int]]:
    """Lines of `key subkey=value …`: io.stat. A key without values (an idle device) is left out."""
    values: dict[str, dict[str, int]] = {}
    for line in text.splitlines():
        key, *pairs = line.split()
        inner: dict[str, int] = {}
        for pair in pairs:
            name, equals, value = pair.partition("=")
            if not equals:
                raise ValueError(f"not `key name=value …`: {line!r}")
            inner[name] = _number(value, line)
        if inner:
            values[key] = inner
    return values


def parse_cpu_max(text: str) -> CpuMax:
    """`max 100000` or `50000 100000`."""
    words = text.split()
    if len(words) != 2:
        raise ValueError(f"not `quota period`: {text!r}")
    return CpuMax(None if words[0] == "max" else _number(words[0], text), _number(words[1], text))


def parse_pressure(text: str) -> Pressure:
    """A PSI file: `some avg10=… avg60=… avg300=… total=…`, and for most resources a `full` line."""
    averages: dict[str, float] = {}
    totals: dict[str, int] = {}
    for line in text.splitlines():
        kind, *pairs = line.split()
        fields = dict(pair.partition("=")[::2] for pair in pairs)
        if kind not in ("some", "full") or "avg10" not in fields or "total" not in fields:
            raise ValueError(f"not a pressure line: {line!r}")
        averages[kind] = float(fields["avg10"])
        totals[kind] = _number(fields["total"], line)
    return Pressure(
        some_avg10=averages.get("some", 0.0),
        full_avg10=averages.get("full", 0.0),
        some_us=totals.get("some", 0),
        full_us=totals.get("full", 0),
    )


def parse_list(text: str) -> frozenset[int]:
    """The kernel's list format (cpuset(7), "List format"): `0-1,3`. Empty text is the empty set."""
    numbers: set[int] = set()
    for part in text.strip().split(","):
        if not part:
            continue
        first, dash, last = part.partition("-")
        low = _number(first, text)
        high = _number(last, text) if dash else low
        if not 0 <= low <= high <= 65535:
            raise ValueError(f"not a list of numbers and ranges: {text!r}")
        numbers.update(range(low, high + 1))
    return frozenset(numbers)


def parse_pids(data: bytes) -> list[int]:
    """cgroup.procs: one pid a line; 0 stands for a process outside of our pid namespace and is left out."""
    return [pid for pid in map(int, data.split()) if pid]


def _number(word: str, line: str) -> int:
    if not (word.isascii() and word.removeprefix("-").isdigit()):
        raise ValueError(f"not a number: {word!r} in {line!r}")
    return int(word)
