"""The line in which a filter is typed: the list follows every letter."""

from __future__ import annotations

from textual import events
from textual.message import Message
from textual.widgets import Input


class FilterLine(Input):
    """Hidden until asked for; `enter` keeps the filter, `escape` drops it."""

    class Closed(Message):
        """Typing has ended; the list gets the focus back."""

    def __init__(self) -> None:
        super().__init__(placeholder="text to show, !text to hide", compact=True, select_on_focus=False)
        self.border_title = "filter"
        self.display = False

    def open(self) -> None:
        """Show it and type into it."""
        self.display = True
        self.focus()

    def close(self, *, keep: bool) -> None:
        """Give the focus back, with the filter or without."""
        if not keep:
            self.value = ""
        self.display = bool(self.value)
        self.post_message(self.Closed())

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Enter keeps it."""
        message.stop()
        self.close(keep=True)

    def on_key(self, event: events.Key) -> None:
        """Escape drops it; the arrows go back to the list."""
        if event.key in ("escape", "down", "up"):
            event.stop()
            event.prevent_default()
            self.close(keep=event.key != "escape")
