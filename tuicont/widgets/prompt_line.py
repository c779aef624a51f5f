"""A question in one line at the lower edge of a pane: a search, a filter, a file to save to.

Knows nothing of what it asks for. Enter answers, escape leaves; each change is told, for searching as one types.
"""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Label

from tuicont.widgets.guarded import Guarded


class PromptLine(Guarded, Horizontal):
    """Made when first needed, hidden until `ask`ed."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", show=False)]

    class Changed(Message):
        """The text is another one; nothing is decided."""

        def __init__(self, purpose: str, text: str) -> None:
            self.purpose = purpose
            self.text = text
            super().__init__()

    class Answered(Message):
        """Enter, or (`text` is None) escape."""

        def __init__(self, purpose: str, text: str | None) -> None:
            self.purpose = purpose
            self.text = text
            super().__init__()

    def __init__(self) -> None:
        super().__init__()
        self._purpose = ""
        self._label = Label(markup=False)
        self._input = Input(compact=True, select_on_focus=False)

    def ask(self, purpose: str, label: str, text: str = "") -> None:
        """Open with `text` to begin with; messages carry `purpose`."""
        if not self.children:
            # Not composed, which is done later: the next key is for the input already.
            self.mount(self._label, self._input)
        self._purpose = purpose
        self._label.update(label)
        with self.prevent(Input.Changed):
            self._input.value = text
        self._input.cursor_position = len(text)
        self.add_class("-asking")
        self._input.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Changed(self._purpose, event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.remove_class("-asking")
        self.post_message(self.Answered(self._purpose, event.value))

    def action_leave(self) -> None:
        """Close without an answer."""
        self.remove_class("-asking")
        self.post_message(self.Answered(self._purpose, None))
