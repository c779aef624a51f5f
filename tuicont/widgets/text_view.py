"""A page of toned lines on the line API: scrolling, a heading that stays, search, lines that can be opened.

Knows nothing of what the lines say. `show` compares with what is shown and redraws the lines that differ.
"""

from __future__ import annotations

import re
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip

from tuicont.presenters.details.line import Line, Page, text_of, width_of
from tuicont.widgets.moving import SIDEWAYS, Moving
from tuicont.widgets.strips import over, with_matches
from tuicont.widgets.tones import tone_style


class TextView(Moving):
    """Shows one `Page`."""

    COMPONENT_CLASSES = {"text--bad", "text--cursor", "text--match"}
    BINDINGS: ClassVar[list[BindingType]] = [*SIDEWAYS, Binding("enter", "open", "open", show=False)]

    class Opened(Message):
        """Somebody chose a line that can be opened."""

        def __init__(self, view: TextView, key: str) -> None:
            self.view = view
            self.key = key
            super().__init__()

        @property
        def control(self) -> TextView:
            return self.view

    def __init__(self) -> None:
        super().__init__()
        self._page = Page(())
        self._cursor = 0
        self._styles: dict[str, Style] = {}
        self._pattern: re.Pattern[str] | None = None

    @property
    def page(self) -> Page:
        return self._page

    @property
    def text(self) -> str:
        """Everything shown, as it is copied."""
        lines = (self._page.head, *self._page.lines) if self._page.head else self._page.lines
        return "\n".join(text_of(line) for line in lines)

    def show(self, page: Page) -> None:
        """Show `page` in place of the one before; scrolling and cursor stay where they were."""
        before, self._page = self._page, page
        rows = len(page.lines) + bool(page.head)
        size = Size(max(map(width_of, (page.head, *page.lines)), default=0), rows)
        if size != self.virtual_size:
            self.virtual_size = size
        self._cursor = min(self._cursor, max(len(page.lines) - 1, 0))
        if bool(before.head) != bool(page.head) or before.head != page.head:
            self.refresh()
            return
        shift = bool(page.head)
        top = self.scroll_offset.y
        for y in range(shift, self.size.height):
            index = top + y - shift
            old = before.lines[index] if index < len(before.lines) else None
            new = page.lines[index] if index < len(page.lines) else None
            if old != new:
                self.refresh(Region(0, y, self.size.width, 1))

    def home(self) -> None:
        """Back to the first line."""
        self._cursor = 0
        self.scroll_to(0, 0, animate=False)

    def search(self, pattern: re.Pattern[str] | None) -> int:
        """Highlight what matches; how many lines do."""
        self._pattern = pattern
        self.refresh()
        if pattern is None:
            return 0
        return sum(1 for line in self._page.lines if pattern.search(text_of(line)))

    def jump(self, step: int) -> bool:
        """Go to the next (`step` 1) or previous (-1) line that matches, around the end."""
        count = len(self._page.lines)
        if self._pattern is None or not count:
            return False
        for distance in range(1, count + 1):
            index = (self._cursor + step * distance) % count
            if self._pattern.search(text_of(self._page.lines[index])):
                self._set_cursor(index)
                return True
        return False

    # drawing

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._styles.clear()

    def _tone(self, tone: str) -> Style:
        style = self._styles.get(tone)
        if style is None:
            style = tone_style(self, tone) if tone else Style()
            if tone == "bad":
                style += self.get_component_rich_style("text--bad", partial=True)
            self._styles[tone] = style
        return style

    def render_line(self, y: int) -> Strip:
        width, base = self.size.width, self.rich_style
        left, top = self.scroll_offset
        page = self._page
        if page.head:
            if y == 0:
                return self._strip(page.head, base).crop_extend(left, left + width, base)
            y -= 1
        index = top + y
        if index >= len(page.lines):
            return Strip.blank(width, base)
        line = page.lines[index]
        marked = index == self._cursor and (bool(page.keys) or self._pattern is not None)
        strip = self._strip(line, base)
        if self._pattern is not None:
            strip = with_matches(strip, self._pattern, self.get_component_rich_style("text--match", partial=True))
        strip = strip.crop_extend(left, left + width, base)
        return over(strip, self.get_component_rich_style("text--cursor", partial=True)) if marked else strip

    def _strip(self, line: Line, base: Style) -> Strip:
        return Strip([Segment(text, base + self._tone(tone)) for text, tone in line])

    # moving

    def _set_cursor(self, index: int) -> None:
        before, self._cursor = self._cursor, index
        shift = bool(self._page.head)
        rows = max(self.size.height - shift, 1)
        top = self.scroll_offset.y
        if index < top:
            self.scroll_to(y=index, animate=False)
        elif index >= top + rows:
            self.scroll_to(y=index - rows + 1, animate=False)
        for changed in {before, index}:
            self.refresh(Region(0, changed - self.scroll_offset.y + shift, self.size.width, 1))

    def move_by(self, lines: int) -> None:
        if self._page.keys:
            self._set_cursor(min(max(self._cursor + lines, 0), len(self._page.lines) - 1))
        else:
            self.scroll_relative(y=lines, animate=False)

    def move_page(self, pages: int) -> None:
        self.move_by(pages * max(self.size.height - 2, 1))

    def move_to_edge(self, edge: int) -> None:
        last = max(len(self._page.lines) - 1, 0)
        if self._page.keys:
            self._set_cursor(0 if edge < 0 else last)
        else:
            self.scroll_to(y=0 if edge < 0 else last, animate=False)

    def action_open(self) -> None:
        if self._cursor < len(self._page.keys) and self._page.keys[self._cursor]:
            self.post_message(self.Opened(self, self._page.keys[self._cursor]))

    def on_click(self, event: events.Click) -> None:
        index = self.scroll_offset.y + event.y - bool(self._page.head)
        if self._page.keys and 0 <= index < len(self._page.lines):
            self._set_cursor(index)
            if event.chain == 2:
                self.action_open()
