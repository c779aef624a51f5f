"""A table as its columns, each said once: title, width, what stands in a cell, how rows are ordered by it.

Pure. Whoever draws a table places its columns for a width and asks each for the cell of a row; adding a column is one
entry in the table's list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec

from tuicont.presenters.cells import Cell

R = TypeVar("R")
"""What the table has a row for."""


class Align(Enum):
    """Where a text stands in its column. Of one that does not fit, `END` shows the end, which counts in a path."""

    LEFT = "left"
    RIGHT = "right"
    END = "end"


class Part(msgspec.Struct, frozen=True):
    """Half of what the columns before it leave, at most `most` cells; no column where they leave less than `needs`."""

    most: int
    needs: int


class Rest(msgspec.Struct, frozen=True):
    """What all others leave, but at least `least` cells; no column where they leave less than `needs`."""

    least: int = 8
    needs: int = 0


class Order(msgspec.Struct, Generic[R], frozen=True):
    """How rows are ordered by a column: `by` what, the largest first when `descending`. Those for which that is None
    come last, and equal ones stay as they were."""

    by: Callable[[R], Any]
    descending: bool = False

    def of(self, rows: Iterable[R], *, reverse: bool = False) -> list[R]:
        """`rows` in this order, or in the `reverse` of it."""
        keyed = [(self.by(row), row) for row in rows]
        known = [pair for pair in keyed if pair[0] is not None]
        known.sort(key=lambda pair: pair[0], reverse=self.descending)
        found = [row for _, row in known] + [row for key, row in keyed if key is None]
        return found[::-1] if reverse else found

    def arrow(self, *, reverse: bool = False) -> str:
        """Which way that goes, as the column's title shows it."""
        return "↑" if self.descending == reverse else "↓"


class Column(msgspec.Struct, Generic[R], frozen=True, kw_only=True):
    """`width` is in cells, or says how it takes what others leave, or is made from the table's width and its rows
    (0 is none). `cell` draws a row for a width. The column is there from a table's width of `since` cells on."""

    id: str
    title: str
    cell: Callable[[R, int], Cell]
    width: int | Part | Rest | Callable[[int, Sequence[R]], int] = Rest()
    align: Align = Align.LEFT
    order: Order[R] | None = None
    since: int = 0


class Placed(NamedTuple, Generic[R]):
    """A column where it is so many cells wide."""

    column: Column[R]
    width: int


class Placing(NamedTuple, Generic[R]):
    """The columns that a width has room for, `gap` cells apart."""

    columns: tuple[Placed[R], ...] = ()
    gap: int = 0

    def cells(self, row: R) -> tuple[Cell, ...]:
        """A row, one cell a column."""
        return tuple(column.cell(row, width) for column, width in self.columns)


class Table(Generic[R]):
    """Columns in their order, `gap` cells apart: a number, or made from the table's width."""

    def __init__(self, *columns: Column[R], gap: int | Callable[[int], int]) -> None:
        self._columns = columns
        self._gap = gap
        self.orders = {column.id: column.order for column in columns if column.order is not None}
        """By the ids of the columns that have one."""

    def place(self, width: int, rows: Sequence[R] = ()) -> Placing[R]:
        """The columns for `width` cells; `rows` are those that will stand in it, for columns that look at them."""
        gap = self._gap(width) if callable(self._gap) else self._gap
        columns = [column for column in self._columns if column.since <= width]
        widths: dict[str, int] = {}
        left = width
        for column in columns:
            if callable(column.width) or isinstance(column.width, int):
                cells = column.width(width, rows) if callable(column.width) else column.width
                if cells > 0:
                    widths[column.id] = cells
                    left -= cells + gap
        for column in columns:
            if isinstance(column.width, Part) and left >= column.width.needs:
                widths[column.id] = min(column.width.most, left // 2 - gap)
                left -= widths[column.id] + gap
        for column in columns:
            if isinstance(column.width, Rest) and left >= column.width.needs:
                widths[column.id] = max(left, column.width.least)
        return Placing(tuple(Placed(c, widths[c.id]) for c in columns if c.id in widths), gap)


def lets_through(query: str, text: Callable[[], str]) -> bool:
    """Whether a filter shows a row of which `text` is all that it looks at: it contains `query`, or with a leading `!`
    does not. Case is ignored. The text is made only when there is something to look for."""
    wanted = query.strip().lower()
    if not wanted:
        return True
    inverted = wanted.startswith("!")
    wanted = wanted.removeprefix("!").strip()
    return not wanted or (wanted in text().lower()) != inverted
