"""Charts as lines of text: braille areas two points to a cell, with an axis that has units. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from tuicont.presenters.details.line import Line, fit, right
from tuicont.presenters.tones import Tone

_AXIS = 6
_ROWS = (0x40, 0x04, 0x02, 0x01), (0x80, 0x20, 0x10, 0x08)
"""Braille dots of the left and right half of a cell, lowest first (Unicode, Braille Patterns)."""

Values = Sequence[float | None]


class Chart(NamedTuple):
    """One chart: `values` oldest first, None where nothing is known; `top` is the value at the upper edge."""

    title: str
    now: str
    values: Values
    top: float
    unit: Callable[[float], str]
    tone: Tone = "accent"


def area(values: Values, width: int, height: int, top: float) -> list[str]:
    """`height` rows of `width` braille cells, filled below the last 2 × `width` values; a value above zero
    has one dot at least, and one above `top` ends there."""
    known = values[-2 * width :]
    points: Values = (*(None,) * (2 * width - len(known)), *known)
    dots = [_dots(value, height * 4, top) for value in points]
    rows = []
    for row in range(height):
        base = (height - 1 - row) * 4
        cells = []
        for column in range(width):
            code = 0
            for half in (0, 1):
                filled = min(max(dots[2 * column + half] - base, 0), 4)
                for dot in range(filled):
                    code |= _ROWS[half][dot]
            cells.append(chr(0x2800 + code))
        rows.append("".join(cells))
    return rows


def _dots(value: float | None, most: int, top: float) -> int:
    if value is None or value <= 0 or top <= 0 or math.isnan(value):
        return 0
    return min(max(math.ceil(min(value / top, 1.0) * most), 1), most)


def drawn(chart: Chart, width: int, height: int, seconds_a_point: int = 1, until: str = "now") -> list[Line]:
    """A chart in exactly `height` (at least 4) lines of `width` cells: title, area with its axis, time axis
    up to `until`."""
    room = max(width - _AXIS - 1, 4)
    rows = height - 2
    name = f" {chart.title} "
    lines: list[Line] = [((name, "heading"), (fit(chart.now, max(width - len(name), 1)), chart.tone))]
    labels = {0: chart.unit(chart.top)}
    if rows >= 4 and rows % 2 == 0:
        labels[rows // 2] = chart.unit(chart.top / 2)
    for index, text in enumerate(area(chart.values, room, rows, chart.top)):
        edge = "┤" if index in labels else "│"
        lines.append(((right(labels.get(index, ""), _AXIS), "muted"), (edge, "track"), (text, chart.tone)))
    span = f"-{_span(2 * room * seconds_a_point)}"
    axis = "└" + span + "─" * max(room - len(span) - len(until), 0) + until
    lines.append(((right(chart.unit(0), _AXIS), "muted"), (fit(axis, room + 1), "track")))
    return lines


def _span(seconds: int) -> str:
    if seconds < 180:
        return f"{seconds}s"
    return f"{seconds // 60}m" if seconds < 10800 else f"{seconds // 3600}h"


def ceiling(values: Values, least: float) -> float:
    """A round number (1, 2 or 5 times a power of ten) that no value exceeds."""
    most = max((v for v in values if v is not None), default=0.0)
    if most <= least:
        return least
    power = 10.0 ** math.floor(math.log10(most))
    return next((factor * power for factor in (1, 2, 5) if most <= factor * power), 10 * power)


def binary_ceiling(values: Values, least: float) -> float:
    """A power of two that no value exceeds: the top of a chart of bytes."""
    most = max((v for v in values if v is not None), default=0.0)
    return max(least, 2.0 ** math.ceil(math.log2(most))) if most > 0 else least
