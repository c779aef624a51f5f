"""A terminal in a pane: draws a `TerminalScreen`, and turns keys, pastes and the wheel into bytes.

Knows no process: what is typed goes out as messages, what a program writes comes in by `feed`. Only lines that
changed are drawn again, however much was written in between.
"""

from __future__ import annotations

import threading
from functools import lru_cache

from pyte.screens import Char
from rich.cells import cell_len
from rich.color import Color, ColorParseError
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tuicont.widgets.guarded import Guarded
from tuicont.widgets.strips import over
from tuicont.widgets.terminal.keys import button, encode, pasted, wheel
from tuicont.widgets.terminal.screen import BRACKETED_PASTE, CURSOR_KEYS, MOUSE_MODES, MOUSE_SGR, Row, TerminalScreen
from tuicont.widgets.terminal.stream import TerminalStream

LEAVE_KEYS = frozenset({"ctrl+right_square_bracket", "ctrl+5"})
"""Both are the byte 0x1d, which terminals send for either key."""
_DETACH = ("ctrl+p", "ctrl+q")
_SLICE = 2048
"""Bytes interpreted while the lock is held: what a key press waits for."""
_FRAME_S = 1 / 30
_NAMES = {"brown": "yellow", "brightbrown": "bright_yellow"}


class Terminal(Guarded, Widget, can_focus=True):
    """One terminal. With `detachable`, ctrl+p ctrl+q leaves the program alone."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES = {"terminal--cursor", "terminal--resting"}

    class Typed(Message):
        """Bytes for the program."""

        def __init__(self, data: bytes) -> None:
            self.data = data
            super().__init__()

    class Sized(Message):
        """The terminal has another size."""

        def __init__(self, rows: int, columns: int) -> None:
            self.rows = rows
            self.columns = columns
            super().__init__()

    class Left(Message):
        """Ctrl+] gave the keyboard back; `detach` when it was ctrl+p ctrl+q."""

        def __init__(self, *, detach: bool) -> None:
            self.detach = detach
            super().__init__()

    def __init__(self, *, detachable: bool = False) -> None:
        super().__init__()
        self._detachable = detachable
        self._lock = threading.Lock()
        self._terminal = TerminalScreen(80, 24, self._answer)
        self._stream = TerminalStream(self._terminal)
        self._cursor_drawn = (0, 0, False)
        self._frame_due = False
        self._back = 0
        self._seen_off = 0
        self._half_detached = False

    # what the program writes

    def feed(self, data: bytes) -> None:
        """Output of the program, from any thread; drawn within a frame."""
        for at in range(0, len(data), _SLICE):
            with self._lock:
                self._stream.feed(data[at : at + _SLICE])
                due, self._frame_due = not self._frame_due, True
            if due and self.is_attached:
                self.app.call_later(self._schedule)

    def _schedule(self) -> None:
        self.set_timer(_FRAME_S, self._frame)

    def _frame(self) -> None:
        with self._lock:
            self._frame_due = False
            dirty = set(self._terminal.dirty)
            self._terminal.dirty.clear()
            off, self._seen_off = self._terminal.scrolled_off - self._seen_off, self._terminal.scrolled_off
            cursor = (self._terminal.cursor.x, self._terminal.cursor.y, self._terminal.cursor.hidden)
            kept = len(self._terminal.history)
        if self._back:
            # What is being read stays in sight while more is written below it.
            self._back = min(self._back + off, kept)
            self.refresh()
            return
        if cursor != self._cursor_drawn:
            dirty |= {self._cursor_drawn[1], cursor[1]}
            self._cursor_drawn = cursor
        if len(dirty) >= self.size.height:
            self.refresh()
        else:
            self.refresh(*(Region(0, y, self.size.width, 1) for y in dirty if y < self.size.height))

    def _answer(self, data: bytes) -> None:
        # Called while a program's output is interpreted, in its thread: messages may be posted from any.
        self.post_message(self.Typed(data))

    @property
    def title(self) -> str:
        """What the program calls its window."""
        return str(self._terminal.title)

    @property
    def text(self) -> str:
        """The lines of the screen, without trailing blanks."""
        with self._lock:
            return "\n".join(line.rstrip() for line in self._terminal.display).rstrip()

    # drawing

    def render_line(self, y: int) -> Strip:
        width, base = self.size.width, self.rich_style
        with self._lock:
            terminal = self._terminal
            row = y - self._back
            if row < 0:
                index = len(terminal.history) + row
                line: Row | None = terminal.history[index] if index >= 0 else None
            else:
                line = terminal.buffer.get(row) if row < terminal.lines else None
            cursor_x = -1
            if not self._back and row == terminal.cursor.y and not terminal.cursor.hidden:
                cursor_x = min(terminal.cursor.x, terminal.columns - 1)
            segments = _segments(line or {}, min(width, terminal.columns), base)
        strip = Strip(segments).adjust_cell_length(width, base)
        if cursor_x < 0:
            return strip
        part = "terminal--cursor" if self.has_focus else "terminal--resting"
        style = self.get_component_rich_style(part, partial=True)
        under = over(strip.crop(cursor_x, cursor_x + 1), style)
        return Strip.join([strip.crop(0, cursor_x), under, strip.crop(cursor_x + 1)])

    # size and keys

    def on_resize(self, event: events.Resize) -> None:
        """The program's terminal has the size of the pane."""
        columns, rows = event.size
        if columns < 2 or rows < 1:
            return
        with self._lock:
            self._terminal.resize(rows, columns)
        self._back = 0
        self.post_message(self.Sized(rows, columns))
        self.refresh()

    def on_focus(self) -> None:
        """The cursor shows who has the keyboard."""
        self.refresh()

    def on_blur(self) -> None:
        """The cursor shows who has the keyboard."""
        self.refresh()

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Every key but the way out is the program's."""
        return key not in LEAVE_KEYS

    async def _on_key(self, event: events.Key) -> None:
        event.stop()
        event.prevent_default()
        key = event.key
        if key in LEAVE_KEYS:
            self.post_message(self.Left(detach=False))
            return
        if key in ("shift+pageup", "shift+pagedown"):
            self._scroll_back(self.size.height // 2 * (1 if key == "shift+pageup" else -1))
            return
        data = encode(key, event.character, application=CURSOR_KEYS in self._terminal.mode)
        if self._detachable:
            if self._half_detached and key == _DETACH[1]:
                self._half_detached = False
                self.post_message(self.Left(detach=True))
                return
            data = (b"\x10" if self._half_detached else b"") + data
            self._half_detached = key == _DETACH[0]
            if self._half_detached:
                data = data[:-1]
        self._type(data)

    async def _on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()
        self._type(pasted(event.text, bracketed=BRACKETED_PASTE in self._terminal.mode))

    def _type(self, data: bytes) -> None:
        if data:
            self._scroll_back(-self._back)
            self.post_message(self.Typed(data))

    # mouse

    @property
    def _reports_mouse(self) -> bool:
        return bool(MOUSE_MODES & self._terminal.mode) and MOUSE_SGR in self._terminal.mode

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Back through what was written, or the program's own scrolling."""
        self._wheel(event, up=True)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The other way."""
        self._wheel(event, up=False)

    def _wheel(self, event: events.MouseEvent, *, up: bool) -> None:
        event.stop()
        if self._reports_mouse:
            self.post_message(self.Typed(wheel(up, event.x, event.y)))
        elif self._terminal.alternate:
            arrow = encode("up" if up else "down", None, application=CURSOR_KEYS in self._terminal.mode)
            self.post_message(self.Typed(arrow * 3))
        else:
            self._scroll_back(3 if up else -3)

    def _scroll_back(self, lines: int) -> None:
        with self._lock:
            back = min(max(self._back + lines, 0), len(self._terminal.history))
        if back != self._back:
            self._back = back
            self.refresh()

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """A press, for programs that ask for it."""
        self._button(event, released=False)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """A release, for programs that ask for it."""
        self._button(event, released=True)

    def _button(self, event: events.MouseEvent, *, released: bool) -> None:
        number = {1: 0, 2: 1, 3: 2}.get(event.button)
        if number is not None and self._reports_mouse:
            self.post_message(self.Typed(button(number, event.x, event.y, released=released)))


def _segments(row: Row, columns: int, base: Style) -> list[Segment]:
    segments: list[Segment] = []
    text: list[str] = []
    style: Style | None = None
    x = 0
    while x < columns:
        cell = row.get(x)
        data = " "
        found = base
        width = 1
        if cell is not None:
            following = row.get(x + 1)
            width = 2 if following is not None and following.data == "" and x + 1 < columns else 1
            data = cell.data or " "
            if not data.isascii() and cell_len(data) != width:
                data = "�".ljust(width)
            elif len(data) == 1 and data.isascii():
                data = data.ljust(width)
            found = _style(cell._replace(data=""), base)
        if found is not style:
            if text and style is not None:
                segments.append(Segment("".join(text), style))
            text, style = [], found
        text.append(data)
        x += width
    if text and style is not None:
        segments.append(Segment("".join(text), style))
    return segments


@lru_cache(maxsize=1024)
def _style(attributes: Char, base: Style) -> Style:
    if attributes == Char("", "default", "default"):
        return base
    return base + Style(
        color=_colour(attributes.fg),
        bgcolor=_colour(attributes.bg),
        bold=attributes.bold or None,
        italic=attributes.italics or None,
        underline=attributes.underscore or None,
        strike=attributes.strikethrough or None,
        reverse=attributes.reverse or None,
    )


def _colour(name: str) -> Color | None:
    if name == "default":
        return None
    name = _NAMES.get(name, name)
    if len(name) == 6 and all(c in "0123456789abcdef" for c in name):
        return Color.from_rgb(int(name[:2], 16), int(name[2:4], 16), int(name[4:], 16))
    if name.startswith("bright") and not name.startswith("bright_"):
        name = f"bright_{name.removeprefix('bright')}"
    try:
        return Color.parse(name)
    except ColorParseError:
        return None
