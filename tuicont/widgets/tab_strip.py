"""A row of tab names drawn as the upper edge of what they open, one line high.

Knows nothing of what the tabs hold. Names are shortened to what fits; a click chooses.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tuicont.presenters.details.line import fit, safe
from tuicont.widgets.guarded import Guarded


class TabStrip(Guarded, Widget):
    """`── web-1 ── overview  logs  processes ──`, the chosen tab standing out."""

    COMPONENT_CLASSES = {"tabs--rule", "tabs--name", "tabs--tab", "tabs--chosen"}

    class Chosen(Message):
        """Somebody clicked a tab."""

        def __init__(self, tab: str) -> None:
            self.tab = tab
            super().__init__()

    def __init__(self) -> None:
        super().__init__()
        self._label = ""
        self._tabs: tuple[tuple[str, str], ...] = ()
        self._chosen = ""
        self._spots: list[tuple[int, int, str]] = []

    def show(self, name: str, tabs: Sequence[tuple[str, str]], chosen: str) -> None:
        """Show tabs as (id, which is the title, short title) with `chosen` (an id) standing out, after `name`."""
        new = (name, tuple(tabs), chosen)
        if new != (self._label, self._tabs, self._chosen):
            self._label, self._tabs, self._chosen = new
            self.refresh()

    def render_line(self, y: int) -> Strip:
        width, base = self.size.width, self.rich_style
        rule, tab, chosen, name = (
            base + self.get_component_rich_style(f"tabs--{part}", partial=True)
            for part in ("rule", "tab", "chosen", "name")
        )
        titles = [tab for tab, _ in self._tabs]
        if sum(len(t) + 2 for t in titles) + 4 > width:
            titles = [short for _, short in self._tabs]
        room = width - sum(len(t) + 2 for t in titles) - 4
        segments = [Segment("─", rule)]
        label = safe(self._label)
        if label and room >= 8:
            label = fit(label, min(len(label), room - 3))
            segments += [Segment(f" {label} ", name), Segment("─", rule)]
        self._spots = []
        at = sum(len(s.text) for s in segments)
        for (key, _), title in zip(self._tabs, titles, strict=True):
            self._spots.append((at, at + len(title) + 2, key))
            segments.append(Segment(f" {title} ", chosen if key == self._chosen else tab))
            at += len(title) + 2
        segments.append(Segment("─" * max(width - at, 0), rule))
        return Strip(segments).adjust_cell_length(width, base)

    def on_click(self, event: events.Click) -> None:
        for start, end, key in self._spots:
            if start <= event.x < end:
                self.post_message(self.Chosen(key))
