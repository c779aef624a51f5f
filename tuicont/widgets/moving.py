"""What scrolls by lines, with the keys of every list and text."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.scroll_view import ScrollView

from tuicont.actions import Scope
from tuicont.widgets.acting import Acting, Handlers, bindings_for
from tuicont.widgets.guarded import Guarded

SIDEWAYS: tuple[Binding, ...] = (
    Binding("left", "sideways(-8)", "left", show=False),
    Binding("right", "sideways(8)", "right", show=False),
)
"""For those that may be wider than what there is room for."""


class Moving(Acting, Guarded, ScrollView, can_focus=True):
    """A subclass says what a step, a page and an edge are to it."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_for(Scope.LINES)

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.handlers: Handlers = {
            "down": lambda: self.move_by(1),
            "up": lambda: self.move_by(-1),
            "page_down": lambda: self.move_page(1),
            "page_up": lambda: self.move_page(-1),
            "top": lambda: self.move_to_edge(-1),
            "bottom": lambda: self.move_to_edge(1),
        }

    def move_by(self, lines: int) -> None:
        """So many lines down (or, negative, up)."""
        raise NotImplementedError

    def move_page(self, pages: int) -> None:
        """A page down or up."""
        raise NotImplementedError

    def move_to_edge(self, edge: int) -> None:
        """To the end (1) or the beginning (-1)."""
        raise NotImplementedError

    def action_sideways(self, step: int) -> None:
        """So many cells to the right (or, negative, left)."""
        self.scroll_relative(x=step, animate=False)

    def watch_show_vertical_scrollbar(self, shown: bool) -> None:
        """What was scrolled before it had a scroll bar is not at its beginning."""
        if shown:
            self.vertical_scrollbar.position = self.scroll_y
