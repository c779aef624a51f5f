"""The line in which a filter is typed: the list follows every letter."""

from __future__ import annotations

from textual import events
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input

from tuicont.widgets.guarded import Guarded


class FilterLine(Guarded, Input):
    """Below a list, and made when first asked for; `enter` keeps the filter, `escape` drops it."""

    class Closed(Message):
        """Typing has ended; the list gets the focus back."""

    def __init__(self) -> None:
        super().__init__(placeholder="text to show, !text to hide", compact=True, select_on_focus=False)
        self.border_title = "filter"

    @classmethod
    def open(cls, table: Widget) -> None:
        """Show the one below `table` and type into it."""
        box = table.parent
        assert isinstance(box, Widget)
        line = next(iter(box.query_children(cls)), None)
        if line is None:
            line = cls()
            box.mount(line, after=table)
        line.display = True
        line.focus()

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
