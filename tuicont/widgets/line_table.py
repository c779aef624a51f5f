"""A live table drawn line by line: only the cells that changed are painted again.

Knows a `RowSource`'s columns and rows, nothing of what they mean. It holds the order of the rows, the cursor and the
marks, and draws no row that is not on the screen.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Generic, Protocol

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.cache import LRUCache
from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip

from tuicont.presenters.cells import Cell
from tuicont.presenters.table import Align, Placed, Placing, R, Table
from tuicont.widgets.moving import Moving
from tuicont.widgets.tones import tone_style

_GUTTER = 2


class RowSource(Protocol[R]):
    """Where a table's columns and rows come from; asked only for rows in view."""

    @property
    def table(self) -> Table[R]:
        """The columns."""

    def row(self, key: str) -> R:
        """What they draw in the row of `key`."""


class FromTable(Message):
    """What a table tells."""

    def __init__(self, table: LineTable[Any]) -> None:
        self.table = table
        super().__init__()

    @property
    def control(self) -> LineTable[Any]:
        """The table, for `on` to select by."""
        return self.table


class LineTable(Moving, Generic[R]):
    """Rows of one line each below a pinned header."""

    COMPONENT_CLASSES = {"line-table--header", "line-table--cursor", "line-table--marked"}

    class Highlighted(FromTable):
        """The cursor stands on another row, or on none (None)."""

        def __init__(self, table: LineTable[Any], key: str | None) -> None:
            super().__init__(table)
            self.key = key

    class Opened(FromTable):
        """A row was double-clicked."""

        def __init__(self, table: LineTable[Any], key: str) -> None:
            super().__init__(table)
            self.key = key

    class HeaderClicked(FromTable):
        """A column's title was clicked."""

        def __init__(self, table: LineTable[Any], column: str) -> None:
            super().__init__(table)
            self.column = column

    def __init__(self, source: RowSource[R], *, pager: bool = False, empty: str = "", id: str | None = None) -> None:
        """A `pager` has neither header nor cursor: its lines are read and scrolled."""
        super().__init__(id=id)
        self._source = source
        self._pager = pager
        self._header = 0 if pager else 1
        self._gutter = 0 if pager else _GUTTER
        self._empty = empty
        self._keys: list[str] = []
        self._index: dict[str, int] = {}
        self._cursor_key: str | None = None
        self._placing: Placing[R] = Placing()
        self._offsets: tuple[int, ...] = ()
        self._rows: dict[int, tuple[str, tuple[Cell, ...]]] = {}
        self._styles: dict[tuple[str, str], Style] = {}
        self._segments: LRUCache[tuple[Cell, int, bool, str], list[Segment]] = LRUCache(4096)
        self.marked: set[str] = set()
        self.sorted_by: tuple[str, str] = ("", "")
        """(column id, arrow), for the header"""

    # what is shown

    @property
    def keys(self) -> Sequence[str]:
        """The rows' keys in their order."""
        return self._keys

    @property
    def columns(self) -> Sequence[str]:
        """The ids of the columns that there is room for."""
        return [column.id for column, _ in self._placing.columns]

    @property
    def cursor_key(self) -> str | None:
        """The key of the row under the cursor."""
        return self._cursor_key

    @property
    def cursor(self) -> int:
        """The position of the cursor, -1 when there are no rows; a pager's first line in view."""
        if self._pager:
            return self.scroll_offset.y
        return self._index.get(self._cursor_key, -1) if self._cursor_key is not None else -1

    def set_keys(self, keys: list[str]) -> None:
        """Show these rows. The cursor stays on its row, or where that row was."""
        before = self.cursor
        if keys != self._keys:
            grew = len(keys) != len(self._keys)
            self._keys = keys
            self._index = {key: position for position, key in enumerate(keys)}
            self.marked &= self._index.keys()
            if grew:
                self._measure()
            if (not keys) or self._cursor_key not in self._index:
                self._place(min(max(before, 0), len(keys) - 1))
        self.update_rows()

    def update_rows(self) -> None:
        """Present the rows in view again and paint the cells that changed."""
        if not self.is_attached or not self._offsets:
            return
        if not self._keys:
            if self._rows:
                self._rows.clear()
                self.refresh()
            return
        first = self.scroll_offset.y
        width = self.size.width
        dirty: list[Region] = []
        for line in range(self._header, self.size.height):
            position = first + line - self._header
            old = self._rows.get(line)
            if position >= len(self._keys):
                if old is not None:
                    del self._rows[line]
                    dirty.append(Region(0, line, width, 1))
                continue
            key = self._keys[position]
            cells = self._placing.cells(self._source.row(key))
            if old is not None and old[0] == key:
                if old[1] == cells:
                    continue
                changed = [i for i, (a, b) in enumerate(zip(old[1], cells, strict=True)) if a != b]
                start = self._offsets[changed[0]]
                end = self._offsets[changed[-1]] + self._placing.columns[changed[-1]].width
                dirty.append(Region(start, line, end - start, 1))
            else:
                dirty.append(Region(0, line, width, 1))
            self._rows[line] = (key, cells)
        if dirty:
            self.refresh(*dirty)

    def set_sort(self, column: str, arrow: str) -> None:
        """Show in the header how the rows are sorted."""
        if (column, arrow) != self.sorted_by:
            self.sorted_by = (column, arrow)
            self.refresh(Region(0, 0, self.size.width, 1))

    # the cursor and the marks

    def move_to(self, position: int) -> None:
        """Put the cursor on a row and bring that into view."""
        if self._pager:
            self.scroll_to(y=position, animate=False)
        elif self._keys:
            self._place(min(max(position, 0), len(self._keys) - 1))

    def move_by(self, lines: int) -> None:
        self.move_to(self.cursor + lines)

    def move_page(self, pages: int) -> None:
        self.move_by(pages * max(1, self.size.height - self._header - 1))

    def move_to_edge(self, edge: int) -> None:
        self.move_to(0 if edge < 0 else len(self._keys) - 1)

    def move_to_key(self, key: str) -> None:
        """Put the cursor on the row of `key`, if there is one."""
        if key in self._index:
            self._place(self._index[key])

    def _place(self, position: int) -> None:
        before, old = self.cursor, self._cursor_key
        self._cursor_key = self._keys[position] if 0 <= position < len(self._keys) else None
        self._paint_row(before)
        self._paint_row(position)
        window = max(1, self.size.height - self._header)
        top = self.scroll_offset.y
        if position >= 0 and self.size.height:
            # Forced, as the scroll bar may not be there yet: a row can be chosen before the first layout is over.
            if position < top:
                self.scroll_to(y=position, animate=False, force=True)
            elif position >= top + window:
                self.scroll_to(y=position - window + 1, animate=False, force=True)
        if self._cursor_key != old:
            self.post_message(self.Highlighted(self, self._cursor_key))

    def toggle_mark(self) -> None:
        """Mark or unmark the row under the cursor and go on to the next."""
        if self._cursor_key is not None:
            self.marked ^= {self._cursor_key}
            self._paint_row(self.cursor)
            self.move_to(self.cursor + 1)

    def mark_all(self) -> None:
        """Mark every row, or none when all are."""
        self.marked = set() if len(self.marked) == len(self._keys) else set(self._keys)
        self.refresh()

    def clear_marks(self) -> None:
        """Unmark everything."""
        self.marked = set()
        self.refresh()

    def _paint_row(self, position: int) -> None:
        line = position - self.scroll_offset.y + self._header
        if position >= 0 and self._header <= line < self.size.height:
            self.refresh(Region(0, line, self.size.width, 1))

    # drawing

    def _measure(self) -> None:
        """Lay the columns out for the width there is."""
        width = self.scrollable_content_region.width - self._gutter
        if width <= 0:
            return
        placing = self._source.table.place(width)
        if placing != self._placing or not self._offsets:
            self._placing = placing
            offsets, x = [], self._gutter
            for _, cells in placing.columns:
                offsets.append(x)
                x += cells + placing.gap
            self._offsets = tuple(offsets)
            self._rows.clear()
            self._segments.clear()
        self.virtual_size = Size(self.size.width, len(self._keys) + self._header)

    def on_resize(self, event: events.Resize) -> None:
        """Fit the columns to the new width."""
        self._rows.clear()
        self._measure()
        self.refresh()
        self._place(self.cursor)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        self._rows.clear()
        super().watch_scroll_y(old_value, new_value)

    def notify_style_update(self) -> None:
        """The theme changed: look styles up again."""
        super().notify_style_update()
        self._styles.clear()
        self._segments.clear()

    def _style(self, part: str = "", tone: str = "") -> Style:
        found = self._styles.get((part, tone))
        if found is None:
            found = self.rich_style
            if part:
                found += self.get_component_rich_style(f"line-table--{part}", partial=True)
            if tone:
                found += tone_style(self, tone)
            self._styles[part, tone] = found
        return found

    def render_line(self, y: int) -> Strip:
        if not self._offsets:
            self._measure()  # the first picture is drawn before anybody is told its size
        width = self.size.width
        if not self._offsets or (self._header and y == 0):
            return self._header_strip(width) if self._offsets else Strip.blank(width, self.rich_style)
        if not self._keys:
            return self._empty_strip(y - self._header, width)
        position = self.scroll_offset.y + y - self._header
        if position >= len(self._keys):
            return Strip.blank(width, self.rich_style)
        key = self._keys[position]
        row = self._rows.get(y)
        if row is None or row[0] != key:
            row = (key, self._placing.cells(self._source.row(key)))
            self._rows[y] = row
        base = self._base(key)
        gap = Segment(" " * self._placing.gap, self._style(base))
        segments = [self._gutter_segment(key, base)] if self._gutter else []
        for placed, cell in zip(self._placing.columns, row[1], strict=True):
            segments += self._cell_segments(cell, placed, base)
            segments.append(gap)
        return Strip(segments).adjust_cell_length(width, self._style(base))

    def _base(self, key: str) -> str:
        if key == self._cursor_key and not self._pager:
            return "cursor"
        return "marked" if key in self.marked else ""

    def _gutter_segment(self, key: str, base: str) -> Segment:
        if key in self.marked:
            return Segment("✓ ", self._style(base, "accent"))
        glyph = "▸ " if key == self._cursor_key else "  "
        return Segment(glyph, self._style(base, "accent"))

    def _cell_segments(self, cell: Cell, placed: Placed[R], base: str) -> list[Segment]:
        right = placed.column.align is Align.RIGHT
        known = (cell, placed.width, right, base)
        found = self._segments.get(known)
        if found is None:
            plain = self._style(base)
            parts = [Segment(text, self._style(base, tone)) for text, tone in cell]
            strip = Strip(parts)
            missing = placed.width - strip.cell_length
            if right and missing > 0:
                strip = Strip([Segment(" " * missing, plain), *parts])
            found = list(strip.adjust_cell_length(placed.width, plain))
            self._segments[known] = found
        return found

    def _header_strip(self, width: int) -> Strip:
        style, sorted_style = self._style("header"), self._style("header", "accent")
        segments = [Segment(" " * self._gutter, style)]
        for column, cells in self._placing.columns:
            mine = column.id == self.sorted_by[0]
            title = column.title + (self.sorted_by[1] if mine else "")
            text = title.rjust(cells)[-cells:] if column.align is Align.RIGHT else title.ljust(cells)[:cells]
            segments.append(Segment(text, sorted_style if mine else style))
            segments.append(Segment(" " * self._placing.gap, style))
        return Strip(segments).adjust_cell_length(width, style)

    def _empty_strip(self, line: int, width: int) -> Strip:
        lines = self._empty.split("\n")
        text = lines[line - 1] if 0 < line <= len(lines) else ""
        return Strip([Segment("  " + text, self._style(tone="muted"))]).adjust_cell_length(width, self.rich_style)

    def set_empty(self, text: str) -> None:
        """What an empty table says."""
        if text != self._empty:
            self._empty = text
            if not self._keys:
                self.refresh()

    # mouse

    def on_click(self, event: events.Click) -> None:
        """Select a row; a second click opens it. The header sorts."""
        offset = event.get_content_offset(self)
        if offset is None:
            return
        if self._header and offset.y == 0:
            for (column, cells), start in zip(self._placing.columns, self._offsets, strict=True):
                if start <= offset.x < start + cells + self._placing.gap and column.order is not None:
                    self.post_message(self.HeaderClicked(self, column.id))
            return
        position = self.scroll_offset.y + offset.y - self._header
        if position < len(self._keys):
            self.move_to(position)
            if event.chain == 2:
                self.post_message(self.Opened(self, self._keys[position]))
