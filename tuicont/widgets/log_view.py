"""Log lines on the line API: only rows in sight are ever split, coloured or measured.

Knows a `LogBuffer` and how to draw it (time stamps, wrapping, matches), not where the lines come from.
"""

from __future__ import annotations

import re
import time
from array import array
from collections.abc import Callable
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import BindingType
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip

from tuicont.presenters.details.ansi import runs
from tuicont.presenters.details.log_buffer import Chunk, Entry, LogBuffer, rows_of
from tuicont.widgets.moving import SIDEWAYS, Moving
from tuicont.widgets.strips import over, with_matches

_STAMP = 13
_MARK = 2


class LogView(Moving):
    """A window on a log that can follow its end."""

    COMPONENT_CLASSES = {"log--time", "log--error", "log--match", "log--found", "log--empty"}

    BINDINGS: ClassVar[list[BindingType]] = [*SIDEWAYS]

    class FollowChanged(Message):
        """Scrolling left the end, or came back to it."""

    def __init__(self, buffer: LogBuffer) -> None:
        super().__init__()
        self._buffer = buffer
        self._times = False
        self._wrap = False
        self._follow = True
        self._moving = False
        self._heights: array[int] = array("L")
        self._rows = 0
        self._pattern: re.Pattern[str] | None = None
        self._found: int | None = None
        self.empty_text = ""

    # what is shown

    @property
    def buffer(self) -> LogBuffer:
        return self._buffer

    @property
    def pattern(self) -> re.Pattern[str] | None:
        """What is searched for."""
        return self._pattern

    @property
    def follow(self) -> bool:
        return self._follow

    @property
    def times(self) -> bool:
        return self._times

    @property
    def wrap(self) -> bool:
        return self._wrap

    def set_buffer(self, buffer: LogBuffer) -> None:
        """Show other lines, from their end."""
        self._buffer = buffer
        self._found = None
        self.set_follow(True)
        self._measure()

    def set_times(self, on: bool) -> None:
        """Time stamps before each line."""
        self._keep_place(lambda: setattr(self, "_times", on))

    def set_wrap(self, on: bool) -> None:
        """Break long lines instead of cutting them."""
        self._keep_place(lambda: setattr(self, "_wrap", on))

    def _keep_place(self, change: Callable[[], object]) -> None:
        first = self._line_at(self.scroll_offset.y)[0]
        change()
        self._measure()
        if not self._follow and first < len(self._buffer):
            self._scroll(self._row_of(first))

    def set_follow(self, on: bool) -> None:
        """Stay at the end."""
        if on != self._follow:
            self._follow = on
            self.post_message(self.FollowChanged())
        if on:
            self._to_end()

    def extend(self, chunks: list[Chunk]) -> None:
        """Add lines at the end."""
        before = self._rows
        dropped = gone = 0
        for chunk in chunks:
            first = self._buffer.chunks[0] if chunk.errors and self._wrap and len(self._buffer) else None
            lost = self._buffer.extend(chunk)
            dropped += lost
            if lost and first is not None:
                gone += rows_of(first, self._text_width)
        self._measure()
        if dropped and self._found is not None:
            self._found = self._found - dropped if self._found >= dropped else None
        if self._follow:
            self._to_end()
        elif dropped:
            # What is read stays where it is though lines fall out above it.
            self._scroll(max(self.scroll_offset.y - (gone if self._wrap else dropped), 0))
        if self._follow or dropped or before < self.scroll_offset.y + self.size.height:
            self.refresh()

    def search(self, pattern: re.Pattern[str] | None) -> None:
        """Highlight what matches."""
        self._pattern, self._found = pattern, None
        self.refresh()

    def search_start(self, step: int) -> int:
        """After (`step` 1) or before (-1) which line the next match is looked for."""
        if self._found is not None:
            return self._found
        if step > 0:
            return self._line_at(self.scroll_offset.y)[0] - 1
        return self._line_at(self.scroll_offset.y + max(self.size.height - 1, 0))[0] + 1

    def show_found(self, found: int) -> None:
        """Go to a line that was found."""
        if not 0 <= found < len(self._buffer):
            return
        self._found = found
        row = self._row_of(found)
        top, height = self.scroll_offset.y, max(self.size.height, 1)
        if not top <= row < top + height:
            self.set_follow(False)
            self._scroll(max(row - height // 2, 0))
        self.refresh()

    def visible_entries(self) -> list[Entry]:
        """The lines in sight."""
        if not len(self._buffer):
            return []
        first = self._line_at(self.scroll_offset.y)[0]
        last = self._line_at(self.scroll_offset.y + max(self.size.height - 1, 0))[0]
        return list(self._buffer.entries(first, last + 1))

    # measuring

    @property
    def _text_width(self) -> int:
        return max(self.size.width - _MARK - (_STAMP if self._times else 0), 8)

    def _measure(self) -> None:
        buffer = self._buffer
        if self._wrap:
            self._heights = buffer.heights(self._text_width)
            self._rows = sum(self._heights)
            size = Size(self.size.width, self._rows)
        else:
            self._rows = len(buffer)
            size = Size(buffer.widest + _MARK + (_STAMP if self._times else 0), self._rows)
        if size != self.virtual_size:
            self.virtual_size = size
        else:
            self.refresh()

    def _line_at(self, row: int) -> tuple[int, int]:
        if not self._wrap or not self._heights:
            return row, 0
        return self._buffer.place(row, self._heights, self._text_width)

    def _row_of(self, number: int) -> int:
        return self._buffer.row_of(number, self._heights, self._text_width) if self._wrap else number

    def on_resize(self) -> None:
        """The width decides where lines break; following stays at the end."""
        self._measure()
        if self._follow:
            self._to_end()

    # drawing

    def render_line(self, y: int) -> Strip:
        width, base = self.size.width, self.rich_style
        left, top = self.scroll_offset
        if top + y >= self._rows:
            said = self.empty_text.split("\n") if not self._rows else []
            if 1 <= y <= len(said):
                style = base + self.get_component_rich_style("log--empty", partial=True)
                return Strip([Segment(f"  {said[y - 1]}", style)]).adjust_cell_length(width, base)
            return Strip.blank(width, base)
        number, piece = self._line_at(top + y)
        if number >= len(self._buffer):
            return Strip.blank(width, base)
        entry = self._buffer[number]
        strip = Strip([Segment(text, base + style if style else base) for text, style in runs(entry.raw)])
        if self._pattern is not None:
            strip = with_matches(strip, self._pattern, self.get_component_rich_style("log--match", partial=True))
        room = self._text_width
        if self._wrap:
            strip = strip.crop_extend(piece * room, (piece + 1) * room, base)
        else:
            strip = strip.crop_extend(left, left + room, base)
        strip = Strip([*self._margin(entry, base, first=piece == 0), *strip], width)
        if number == self._found:
            strip = over(strip, self.get_component_rich_style("log--found", partial=True))
        return strip

    def _margin(self, entry: Entry, base: Style, *, first: bool) -> list[Segment]:
        error = base + self.get_component_rich_style("log--error", partial=True)
        margin = [Segment("▌ " if entry.error else "  ", error)]
        if self._times:
            stamp = self.get_component_rich_style("log--time", partial=True)
            seconds, rest = divmod(entry.time_ns, 1_000_000_000)
            text = time.strftime("%H:%M:%S", time.localtime(seconds)) + f".{rest // 1_000_000:03d} "
            margin.append(Segment(text if first else " " * _STAMP, base + stamp))
        return margin

    # moving

    def _scroll(self, row: int) -> None:
        self._moving = True
        self.scroll_to(y=row, animate=False, immediate=True, force=True)
        self._moving = False

    def _to_end(self) -> None:
        self._moving = True
        self.scroll_end(animate=False, immediate=True, force=True, x_axis=False)
        self._moving = False

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        if not self._moving and round(old_value) != round(new_value):
            at_end = new_value >= self.max_scroll_y
            if at_end != self._follow:
                self._follow = at_end
                self.post_message(self.FollowChanged())

    def move_by(self, lines: int) -> None:
        self.scroll_relative(y=lines, animate=False)

    def move_page(self, pages: int) -> None:
        self.move_by(pages * max(self.size.height - 1, 1))

    def move_to_edge(self, edge: int) -> None:
        if edge > 0:
            self.set_follow(True)
        else:
            self.set_follow(False)
            self._scroll(0)
