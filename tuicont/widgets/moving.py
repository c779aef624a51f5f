"""The keys that move in a text: those of every list, with whatever keys the user gave them."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.scroll_view import ScrollView

from tuicont.actions import BY_ID, Scope
from tuicont.widgets.keys import bindings_for


def _moves() -> list[BindingType]:
    return [
        binding
        for binding in bindings_for(Scope.LIST)
        if isinstance(binding, Binding) and BY_ID[binding.id or ""].group == "move"
    ]


class Moving(ScrollView, can_focus=True):
    """A widget that scrolls; a subclass says what a step, a page and an edge are to it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *_moves(),
        Binding("left", "sideways(-8)", "left", show=False),
        Binding("right", "sideways(8)", "right", show=False),
    ]

    def watch_show_vertical_scrollbar(self) -> None:
        """A bar is told of moves only while it is shown: of those before, now."""
        self.vertical_scrollbar.position = self.scroll_y

    def action_run(self, action_id: str) -> None:
        """Move as the action says."""
        match action_id:
            case "down" | "up":
                self.move_by(1 if action_id == "down" else -1)
            case "page_down" | "page_up":
                self.move_page(1 if action_id == "page_down" else -1)
            case _:
                self.move_to_edge(1 if action_id == "bottom" else -1)

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
