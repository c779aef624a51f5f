"""Plain lines as the rows of a `LineTable`."""

from __future__ import annotations

from tuicont.presenters.cells import Cell, Column


class Lines:
    """A `RowSource` whose keys are line numbers."""

    def __init__(self) -> None:
        self.lines: list[Cell] = []

    def columns(self, width: int) -> tuple[tuple[Column, ...], int]:
        return (Column("line", "", width, sortable=False),), 0

    def cells(self, key: str, columns: tuple[Column, ...]) -> tuple[Cell, ...]:
        return (self.lines[int(key)],)
