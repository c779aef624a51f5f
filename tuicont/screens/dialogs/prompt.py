"""One line of text asked for."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Input, Static

from tuicont.screens.dialogs.base import Dialog


class PromptDialog(Dialog[str]):
    """`enter` answers with what is typed."""

    KEYS = "enter takes it · esc closes"

    def __init__(self, title: str, question: str, value: str) -> None:
        super().__init__(title)
        self._question = question
        self._value = value

    def contents(self) -> ComposeResult:
        yield Static(Content(self._question), classes="question")
        yield Input(self._value, compact=True)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Answer, if there is one."""
        value = event.value.strip()
        self.dismiss(value if value and value != self._value else None)
