"""What a terminal shows: pyte's screen with what pyte lacks, the alternate screen, lines scrolled off, quick text.

Knows no widget and no process. Everything that a program can make grow is bounded.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict, deque
from collections.abc import Callable
from typing import Any

import pyte
from pyte import modes
from pyte.screens import Char, Cursor, Margins, StaticDefaultDict
from wcwidth import wcwidth

_HISTORY = 5000
_SAVED_MOST = 32
_TITLE_MOST = 200
_MARKS_MOST = 4
_CACHED_MOST = 20_000
_ALTERNATE = frozenset({47, 1047, 1049})
CURSOR_KEYS = 1 << 5
"""DECCKM: the arrows send ESC O A in place of ESC [ A."""
BRACKETED_PASTE = 2004 << 5
AUTOWRAP = modes.DECAWM
MOUSE_MODES = frozenset(n << 5 for n in (1000, 1002, 1003))
MOUSE_SGR = 1006 << 5

Row = dict[int, Char]


class TerminalScreen(pyte.Screen):
    """`answer` gets what the terminal says to the program (its cursor position, its kind)."""

    def __init__(self, columns: int, lines: int, answer: Callable[[bytes], None]) -> None:
        self.history: deque[Row] = deque(maxlen=_HISTORY)
        self._answer = answer
        self._main: tuple[Any, Cursor] | None = None
        self._cells: dict[Char, dict[str, Char]] = {}
        self._cached = 0
        self._last_drawn = " "
        self._marks = 0
        self.scrolled_off = 0
        super().__init__(columns, lines)

    @property
    def alternate(self) -> bool:
        """Whether a full-screen program has the alternate screen."""
        return self._main is not None

    @property
    def display(self) -> list[str]:
        """The lines as text; the second half of a wide character is nothing."""
        return [
            "".join(cell.data if (cell := row.get(x)) else " " for x in range(self.columns)) if row else ""
            for row in map(self.buffer.get, range(self.lines))
        ]

    def reset(self) -> None:
        self._main = None
        self.savepoints.clear()
        super().reset()

    def soft_reset(self) -> None:
        """DECSTR: modes and attributes, not the text."""
        self.margins = None
        self.mode = {modes.DECAWM, modes.DECTCEM}
        self.cursor.attrs = self.default_char
        self.cursor.hidden = False
        self.charset = 0

    # text

    def draw(self, data: str) -> None:
        """Text at the cursor: whole runs of ASCII at once, everything else as pyte does it."""
        plain = data.isascii() and modes.IRM not in self.mode and not self.charset
        if not plain or self.g0_charset is not pyte.charsets.LAT1_MAP or AUTOWRAP not in self.mode:
            data = self._drawable(data)
            super().draw(data)
            self._last_drawn = data[-1:] or self._last_drawn
            return
        self._marks = 0
        cursor, columns = self.cursor, self.columns
        cells = self._cells_of(cursor.attrs)
        at, end = 0, len(data)
        while at < end:
            if cursor.x >= columns:
                self.dirty.add(cursor.y)
                self.carriage_return()
                self.linefeed()
            piece = data[at : at + columns - cursor.x]
            line, x = self.buffer[cursor.y], cursor.x
            for char in piece:
                cell = cells.get(char)
                if cell is None:
                    cell = cells[char] = cursor.attrs._replace(data=char)
                    self._cached += 1
                line[x] = cell
                x += 1
            cursor.x = x
            at += len(piece)
            self.dirty.add(cursor.y)
        self._last_drawn = data[-1]

    def _drawable(self, data: str) -> str:
        """Without what pyte would end at (format characters), and without marks that pile up on a cell."""
        kept = []
        for char in data:
            if unicodedata.category(char) == "Cf":
                continue
            if wcwidth(char) > 0:
                self._marks = 0
            else:
                self._marks += 1
                if not unicodedata.combining(char) or self._marks > _MARKS_MOST:
                    continue
            kept.append(char)
        return "".join(kept)

    def _cells_of(self, attributes: Char) -> dict[str, Char]:
        if self._cached > _CACHED_MOST or len(self._cells) > _CACHED_MOST:
            self._cells.clear()
            self._cached = 0
        cells = self._cells.get(attributes)
        if cells is None:
            cells = self._cells[attributes] = {}
        return cells

    def repeat(self, count: int = 1) -> None:
        """REP: the last character again, no more often than the screen has places."""
        self.draw(self._last_drawn * min(max(count, 1), self.columns * self.lines))

    # lines

    def index(self) -> None:
        """Down a line; one that leaves the screen at its top is kept."""
        top, bottom = self.margins or Margins(0, self.lines - 1)
        if self.cursor.y == bottom and top == 0 and self._main is None:
            self.history.append(self.buffer[0])
            self.scrolled_off += 1
        super().index()

    def next_line(self) -> None:
        """NEL."""
        self.carriage_return()
        self.index()

    def scroll_up(self, count: int = 1) -> None:
        """SU: the text moves up, the cursor stays."""
        self._scroll(count, self.index, lower=True)

    def scroll_down(self, count: int = 1) -> None:
        """SD: the text moves down, the cursor stays."""
        self._scroll(count, self.reverse_index, lower=False)

    def _scroll(self, count: int, move: Callable[[], None], *, lower: bool) -> None:
        top, bottom = self.margins or Margins(0, self.lines - 1)
        y, self.cursor.y = self.cursor.y, bottom if lower else top
        for _ in range(min(max(count, 1), bottom - top + 1)):
            move()
        self.cursor.y = y

    def tabs(self, count: int = 1) -> None:
        """CHT: so many tab stops on."""
        for _ in range(min(max(count, 1), self.columns)):
            self.tab()

    def tabs_back(self, count: int = 1) -> None:
        """CBT: so many tab stops back."""
        for _ in range(min(max(count, 1), self.columns)):
            self.cursor.x = max((stop for stop in self.tabstops if stop < self.cursor.x), default=0)

    def insert_lines(self, count: int | None = None) -> None:
        super().insert_lines(min(count or 1, self.lines))

    def delete_lines(self, count: int | None = None) -> None:
        super().delete_lines(min(count or 1, self.lines))

    def erase_in_display(self, how: int = 0, *args: Any, **kwargs: Any) -> None:
        """3 forgets the lines that were scrolled off, as xterm does."""
        if how == 3:
            self.history.clear()
            return
        super().erase_in_display(how)

    # modes

    def set_mode(self, *numbers: int, **kwargs: Any) -> None:
        """Without DECCOLM: a program does not change the width of a pane."""
        private = bool(kwargs.get("private"))
        if private and not self.alternate and _ALTERNATE.intersection(numbers):
            self._enter_alternate()
        super().set_mode(*_supported(numbers, private), **kwargs)

    def reset_mode(self, *numbers: int, **kwargs: Any) -> None:
        """The other way round."""
        private = bool(kwargs.get("private"))
        if private and self.alternate and _ALTERNATE.intersection(numbers):
            self._leave_alternate()
        super().reset_mode(*_supported(numbers, private), **kwargs)

    def _enter_alternate(self) -> None:
        self._main = (self.buffer, self.cursor)
        self.buffer = defaultdict(lambda: StaticDefaultDict(self.default_char))
        self.cursor = Cursor(self.cursor.x, self.cursor.y, self.cursor.attrs)
        self.margins = None
        self.dirty.update(range(self.lines))

    def _leave_alternate(self) -> None:
        if self._main is not None:
            self.buffer, self.cursor = self._main
            self._main = None
        self.margins = None
        self.ensure_hbounds()
        self.ensure_vbounds()
        self.dirty.update(range(self.lines))

    def save_cursor(self) -> None:
        """DECSC; a program that only ever saves does not make the stack grow."""
        super().save_cursor()
        del self.savepoints[:-_SAVED_MOST]

    # size

    def resize(self, lines: int | None = None, columns: int | None = None) -> None:
        """Another size: blank lines below the cursor go first, then those at the top, into the history."""
        lines, columns = lines or self.lines, columns or self.columns
        if (lines, columns) == (self.lines, self.columns):
            return
        self.margins = None
        for buffer, cursor in self._main_and_current():
            over = max(cursor.y + 1 - lines, 0)
            if over:
                if buffer is self.buffer and not self.alternate:
                    self.history.extend(buffer[y] for y in range(over))
                    self.scrolled_off += over
                moved = {y - over: row for y, row in buffer.items() if over <= y < over + lines}
                buffer.clear()
                buffer.update(moved)
                cursor.y -= over
            for y in [y for y in buffer if y >= lines]:
                del buffer[y]
            cursor.x = min(cursor.x, columns - 1)
        self.lines, self.columns = lines, columns
        self.tabstops = set(range(8, columns, 8))
        self.dirty.clear()
        self.dirty.update(range(lines))

    def _main_and_current(self) -> list[tuple[Any, Cursor]]:
        current = (self.buffer, self.cursor)
        return [current] if self._main is None else [current, self._main]

    # what it says

    def set_title(self, param: str) -> None:
        super().set_title(param[:_TITLE_MOST])

    def report_device_attributes(self, mode: int = 0, **kwargs: Any) -> None:
        """A VT220 with colours."""
        if mode == 0:
            self.write_process_input("\x1b[?62;22c")

    def report_device_status(self, mode: int = 0) -> None:
        """Where the cursor is; lines count from the scroll region's top in origin mode."""
        if mode == 6 and self.margins is None:
            self.write_process_input(f"\x1b[{self.cursor.y + 1};{min(self.cursor.x, self.columns - 1) + 1}R")
        else:
            super().report_device_status(mode)

    def write_process_input(self, data: str) -> None:
        self._answer(data.encode())


def _supported(numbers: tuple[int, ...], private: bool) -> tuple[int, ...]:
    return tuple(n for n in numbers if not (private and n == 3))
