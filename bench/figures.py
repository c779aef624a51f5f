"""Figures and the table that they are printed in. Measures nothing itself."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from statistics import median


@dataclass(frozen=True)
class Figure:
    """One row. `values` are the single measurements in `unit`; `aim` the value not to be exceeded, if any.
    `share` is the quantile that is judged: 0.5 the median, 0.95 what nineteen in twenty keep to. `base` is a figure of
    the same run that it is shown as a multiple of, called `base_name` there, and `most` the multiple not to be
    exceeded."""

    name: str
    values: Sequence[float]
    unit: str = "ms"
    aim: float | None = None
    share: float = 0.5
    base: Figure | None = None
    base_name: str = ""
    most: float | None = None

    @property
    def value(self) -> float:
        """The judged quantile."""
        return median(self.values) if self.share == 0.5 else quantile(self.values, self.share)


def quantile(values: Sequence[float], share: float) -> float:
    """The value that `share` of `values` do not exceed."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def table(figures: Sequence[Figure]) -> str:
    """A Markdown table."""
    head = f"{date.today().isoformat()}, Linux {platform.release()}, Python {platform.python_version()}"
    rows = [("", "median", "p90", "compared", "aim")]
    for figure in figures:
        ratio = figure.value / figure.base.value if figure.base else 0.0
        compared = f"{ratio:.2f} × {figure.base_name}" if figure.base else ""
        aims = []
        if figure.aim is not None:
            aims.append(_judged(figure.value, figure.aim))
        if figure.most is not None:
            aims.append(_judged(ratio, figure.most) + " ×")
        name = figure.name + (f", p{figure.share * 100:.0f}" if figure.share != 0.5 else "")
        shown, spread = f"{figure.value:.2f} {figure.unit}", f"{quantile(figure.values, 0.9):.2f}"
        rows.append((name, shown, spread if len(figure.values) > 1 else "", compared, ", ".join(aims)))
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join([head, "", *lines])


def _judged(value: float, aim: float) -> str:
    shown = f"{aim:.0f}" if aim >= 100 else f"{aim:.3g}"
    return f"≤ {shown}" if value <= aim else f"missed: {shown}"
