"""The words about something that did not happen, when they are too long for a toast."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from tuicont.screens.dialogs.base import Dialog
from tuicont.text.units import plain, visible


class ErrorDialog(Dialog[None]):
    """Shows the text of an error as it is; `y` copies it, with its traceback when it is a fault of this program."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "cancel", "close", show=False),
        Binding("y", "copy", "copy", show=False),
    ]
    KEYS = "enter closes · y copies"

    def __init__(self, text: str, traceback: str = "") -> None:
        super().__init__("it did not work")
        self._text = text
        self._traceback = traceback

    def contents(self) -> ComposeResult:
        first, *rest = [plain(line) for line in self._text.split("\n")]
        yield Static(Content(first), classes="error-cause")
        for line in rest:
            yield Static(Content(line), classes="error-hint" if line.startswith("hint:") else "error-context")

    def action_copy(self) -> None:
        """Copy the text."""
        self.app.copy_to_clipboard(visible(f"{self._text}\n\n{self._traceback}" if self._traceback else self._text))
        self.notify("copied", timeout=2)
