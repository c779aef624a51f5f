"""A yes or no before something is lost."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Button, Static

from tuicont.screens.dialogs.base import Dialog


class ConfirmDialog(Dialog[bool]):
    """`y` says yes, `n` and `escape` say no; the focus is on no."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "yes", show=False),
        Binding("n", "answer(False)", "no", show=False),
        Binding("left,right,h,l", "app.focus_next", show=False),
    ]

    def __init__(self, title: str, text: str, *, yes: str, no: str) -> None:
        super().__init__(title)
        self._text = text
        self._yes = yes
        self._no = no
        self.KEYS = f"y {yes} · n {no}"

    def contents(self) -> ComposeResult:
        yield Static(Content(self._text), classes="question")
        with Horizontal(classes="buttons"):
            yield Button(self._no, id="no", compact=True)
            yield Button(self._yes, id="yes", variant="error", compact=True)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Answer with the button."""
        self.dismiss(event.button.id == "yes")

    def action_answer(self, yes: bool) -> None:
        """Answer with a key."""
        self.dismiss(yes)
