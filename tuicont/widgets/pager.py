"""Lines of toned text to be read: a `LineTable` with one column, and neither header nor cursor."""

from __future__ import annotations

from tuicont.presenters.cells import Cell
from tuicont.presenters.table import Column, Rest, Table
from tuicont.widgets.line_table import LineTable


class _Lines:
    """A `RowSource` whose keys are line numbers."""

    table: Table[Cell] = Table(Column(id="line", title="", width=Rest(0), cell=lambda line, _: line), gap=0)

    def __init__(self) -> None:
        self.lines: list[Cell] = []

    def row(self, key: str) -> Cell:
        return self.lines[int(key)]


class Pager(LineTable[Cell]):
    """What it shows is scrolled with the keys of every list."""

    def __init__(self, *, id: str, empty: str = "") -> None:
        self._text = _Lines()
        super().__init__(self._text, pager=True, empty=empty, id=id)

    def show(self, lines: list[Cell]) -> None:
        """These lines in place of those before; scrolling stays where it was."""
        self._text.lines = lines
        self.set_keys([str(number) for number in range(len(lines))])
