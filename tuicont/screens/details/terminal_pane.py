"""The panes that are connected to a process: a terminal, or lines in and out where there is none.

Knows how to open, feed and end a session; which container and which command is the business of `Shells`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input

from tuicont.core.engine.api import STDERR, Session
from tuicont.core.model.container import ExitStatus, LogLine
from tuicont.engine_access import EngineAccess
from tuicont.presenters.details.line import safe
from tuicont.presenters.details.log_buffer import LogBuffer
from tuicont.screens.details.line_queue import LineQueue
from tuicont.screens.details.pane import Pane
from tuicont.screens.details.session_link import SessionLink
from tuicont.widgets.log_view import LogView
from tuicont.widgets.terminal.terminal import LEAVE_KEYS, Terminal

Open = Callable[[int, int], Session]
"""Opens the session of a terminal of so many rows and columns; blocks."""
_LINE_MOST = 1 << 16


class SessionPane(Pane):
    """A pane with a process behind it."""

    class Gone(Message):
        """The process has ended, or was left; `text` says how."""

        def __init__(self, pane: SessionPane, text: str) -> None:
            self.pane = pane
            self.text = text
            super().__init__()

    class Over(Message):
        """From the reading thread: there is no more output."""

        def __init__(self, status: ExitStatus | None, error: str) -> None:
            self.status = status
            self.error = error
            super().__init__()

    def __init__(self, bridge: EngineAccess, opening: Open, *, name: str, hang_up: bool, id: str) -> None:
        super().__init__(bridge, id=id)
        self._opening = opening
        self._what = name
        self._hang_up = hang_up
        self._link: SessionLink | None = None
        self._left = False

    def output(self, stream: int, data: bytes) -> None:
        """What the process wrote; called from the reading thread."""
        raise NotImplementedError

    async def _open(self, rows: int, columns: int) -> None:
        try:
            session = await self.bridge.call(self._opening, rows, columns)
        except Exception as error:
            self.bridge.report(error)
            self.post_message(self.Gone(self, ""))
            return
        if self._left or not self.is_attached:
            session.close()
            return
        self._link = SessionLink(session, self.output, self._over, self.bridge.told)

    def _over(self, status: ExitStatus | None, error: str) -> None:
        # From the reading thread: what it read before is drawn before.
        self.post_message(self.Over(status, error))

    def leave(self) -> None:
        """Disconnect."""
        self._left = True
        if self._link is not None:
            self._link.close(hang_up=self._hang_up)
            self._link = None

    def on_unmount(self) -> None:
        """Nothing is left behind: a shell whose terminal is gone is told so."""
        self.leave()

    def on_session_pane_over(self, message: Over) -> None:
        """It has ended: the pane goes."""
        message.stop()
        status = message.status
        how = f"ended with {status.code}" if status is not None else message.error or "was disconnected"
        self.leave()
        self.post_message(self.Gone(self, f"{self._what} {how}"))


class TerminalPane(SessionPane, can_focus=True):
    """A program on a terminal of its own. The pane itself has the focus when the keyboard was given back."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "type", "type", show=False)]

    def __init__(self, bridge: EngineAccess, opening: Open, *, name: str, attached: bool, id: str) -> None:
        super().__init__(bridge, opening, name=name, hang_up=not attached, id=id)
        self._attached = attached
        self._terminal = Terminal(detachable=attached)
        self._asked = False
        self._refused = False

    def compose(self) -> ComposeResult:
        yield self._terminal

    @property
    def status(self) -> str:
        title = f" · {safe(self._terminal.title)}" if self._terminal.title else ""
        if not self._terminal.has_focus:
            return f"{self._what}{title} · enter types here"
        leave = "^p ^q detaches" if self._attached else "exit closes"
        return f"{self._what}{title} · ^] gives the keyboard back · {leave} · shift+pgup scrolls"

    @property
    def entry(self) -> Widget:
        return self._terminal

    def output(self, stream: int, data: bytes) -> None:
        self._terminal.feed(data)

    def copied(self) -> tuple[str, str]:
        return "the screen", self._terminal.text

    def on_terminal_sized(self, message: Terminal.Sized) -> None:
        """The first size opens the session."""
        message.stop()
        if not self._asked:
            self._asked = True
            self.run_worker(self._open(message.rows, message.columns))
        elif self._link is not None:
            self._link.resize(message.rows, message.columns)

    async def _open(self, rows: int, columns: int) -> None:
        await super()._open(rows, columns)
        now = self._terminal.size
        if self._link is not None and (now.height, now.width) != (rows, columns):
            self._link.resize(now.height, now.width)

    def on_terminal_typed(self, message: Terminal.Typed) -> None:
        """Keys, pastes and the terminal's own answers."""
        message.stop()
        if self._link is None:
            return
        taken = self._link.send(message.data)
        if not taken and not self._refused:
            self.bridge.notify("the program takes no more input")
        # Told once: a program can ask the terminal for answers without end.
        self._refused = not taken

    def on_terminal_left(self, message: Terminal.Left) -> None:
        """The keyboard comes back; with the detach keys the pane goes too."""
        message.stop()
        if message.detach:
            self.leave()
            self.post_message(self.Gone(self, f"detached from {self._what}"))
        else:
            self.focus()
        self.post_message(self.StatusChanged())

    def action_type(self) -> None:
        """Type into the terminal again."""
        self._terminal.focus()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """The status says which keys work now."""
        self.post_message(self.StatusChanged())


class LinesPane(SessionPane):
    """Attached to a container without terminal: its output as lines, and a line for input."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+d", "end_input", "end of input", show=False),
        Binding(",".join(sorted(LEAVE_KEYS)), "detach", "detach", show=False),
    ]

    def __init__(self, bridge: EngineAccess, opening: Open, *, name: str, takes_input: bool, id: str) -> None:
        super().__init__(bridge, opening, name=name, hang_up=False, id=id)
        self._lines = LogView(LogBuffer())
        self._input = Input(placeholder="a line for its input, ctrl+d ends it", compact=True)
        self._takes_input = takes_input
        self._parts: dict[int, bytes] = {}
        self._queue = LineQueue(lambda: self.app.call_later(self._take))

    def compose(self) -> ComposeResult:
        yield self._lines
        if self._takes_input:
            yield self._input

    def on_mount(self) -> None:
        """A session without terminal has no size to wait for."""
        self.run_worker(self._open(24, 80))

    @property
    def status(self) -> str:
        return f"attached to {self._what} · ^] detaches"

    @property
    def entry(self) -> Widget:
        return self._input if self._takes_input else self._lines

    def output(self, stream: int, data: bytes) -> None:
        *lines, rest = (self._parts.get(stream, b"") + data).split(b"\n")
        if len(rest) > _LINE_MOST:
            lines, rest = [*lines, rest], b""
        self._parts[stream] = rest
        now, kind = time.time_ns(), "stderr" if stream == STDERR else "stdout"
        for line in lines:
            self._queue.add(LogLine(time_ns=now, stream=kind, text=line.decode(errors="replace")))

    def _take(self) -> None:
        self._lines.extend(self._queue.take())

    def leave(self) -> None:
        self._queue.close()
        super().leave()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """A line for the process."""
        event.stop()
        if self._link is not None:
            self._link.send(event.value.encode() + b"\n")
        self._input.value = ""

    def action_end_input(self) -> None:
        """End of file."""
        if self._link is not None:
            self._link.end_input()
        self._input.placeholder = "the input has ended"

    def action_detach(self) -> None:
        """Disconnect; the container goes on."""
        self.leave()
        self.post_message(self.Gone(self, f"detached from {self._what}"))
