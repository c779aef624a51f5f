"""The footer: the keys that work here, greyed where the state refuses them; a click presses the key.

Draws what it is told; knows no action but by id.
"""

from __future__ import annotations

import msgspec
from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.strip import Strip
from textual.widget import Widget

from tuicont.messages import RunAction
from tuicont.widgets.guarded import Guarded


class Key(msgspec.Struct, frozen=True):
    """One entry. `weight` decides who stays when not all fit."""

    action_id: str
    key: str
    label: str
    enabled: bool
    weight: int


class ActionBar(Guarded, Widget):
    """One line of keys."""

    COMPONENT_CLASSES = {"action-bar--key", "action-bar--label", "action-bar--off"}

    def __init__(self) -> None:
        super().__init__()
        self._keys: tuple[Key, ...] = ()
        self._places: list[tuple[int, int, str]] = []

    def show(self, keys: tuple[Key, ...]) -> None:
        """Draw these keys, in this order."""
        if keys != self._keys:
            self._keys = keys
            self.refresh()

    def _fitting(self, width: int) -> list[Key]:
        kept = list(self._keys)
        while kept and sum(_width(key) for key in kept) > width:
            kept.remove(min(kept, key=lambda key: key.weight))
        return kept

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        segments: list[Segment] = []
        self._places = []
        x = 0
        for key in self._fitting(width):
            on = "action-bar--key" if key.enabled else "action-bar--off"
            label = "action-bar--label" if key.enabled else "action-bar--off"
            segments.append(Segment(f" {key.key}", self.get_component_rich_style(on)))
            segments.append(Segment(f" {key.label} ", self.get_component_rich_style(label)))
            self._places.append((x, x + _width(key), key.action_id))
            x += _width(key)
        return Strip(segments).adjust_cell_length(width, self.rich_style)

    def on_click(self, event: events.Click) -> None:
        """Press the key that was clicked."""
        for start, end, action_id in self._places:
            if start <= event.x < end:
                self.post_message(RunAction(action_id))


def _width(key: Key) -> int:
    return cell_len(key.key) + cell_len(key.label) + 3
