"""The strip at the top: the program's name, its screens, and what is special about this run."""

from __future__ import annotations

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.strip import Strip
from textual.widget import Widget

from tuicont.messages import RunAction
from tuicont.text.units import shorten
from tuicont.widgets.guarded import Guarded

_NAME = " tuicont "


class ModeStrip(Guarded, Widget):
    """One line; a click on a screen's name goes there."""

    COMPONENT_CLASSES = {"mode-strip--name", "mode-strip--mode", "mode-strip--current", "mode-strip--note"}

    def __init__(self, modes: tuple[tuple[str, str, str], ...], current: str, note: str = "") -> None:
        """`modes` are (action id, key, title)."""
        super().__init__()
        self._modes = modes
        self._current = current
        self._note = note
        self._places: list[tuple[int, int, str]] = []

    def set_note(self, note: str) -> None:
        """What stands at the right end."""
        if note != self._note:
            self._note = note
            self.refresh()

    def render_line(self, y: int) -> Strip:
        segments = [Segment(_NAME, self.get_component_rich_style("mode-strip--name"))]
        self._places = []
        x = len(_NAME)
        for action_id, key, title in self._modes:
            current = action_id == self._current
            style = self.get_component_rich_style("mode-strip--current" if current else "mode-strip--mode")
            text = f" {key} {title} "
            segments.append(Segment(text, style))
            self._places.append((x, x + len(text), action_id))
            x += len(text)
        note = f"{shorten(self._note, self.size.width - x - 2)} " if self._note else ""
        if note and x + cell_len(note) <= self.size.width:
            segments.append(Segment(" " * (self.size.width - x - cell_len(note)), self.rich_style))
            segments.append(Segment(note, self.get_component_rich_style("mode-strip--note")))
        return Strip(segments).adjust_cell_length(self.size.width, self.rich_style)

    def on_click(self, event: events.Click) -> None:
        """Go to the screen that was clicked."""
        for start, end, action_id in self._places:
            if start <= event.x < end:
                self.post_message(RunAction(action_id))
