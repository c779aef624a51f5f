"""What stands on a terminal that is too small, until it grows."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.screen import ModalScreen
from textual.widgets import Static

from tuicont.widgets.guarded import Guarded

MINIMUM = Size(80, 23)  # the terminal that everybody has, less the status line of tmux(1)


def too_small(size: Size) -> bool:
    """Whether the screens do not fit."""
    return size.width < MINIMUM.width or size.height < MINIMUM.height


class TooSmall(Guarded, ModalScreen[None]):
    """Covers everything; only quitting works."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("q,ctrl+q", "app.leave", "quit", show=False)]

    def compose(self) -> ComposeResult:
        yield Static()

    def show_size(self, size: Size) -> None:
        """Say how small it is."""
        text = f"terminal too small ({size.width}×{size.height}):\ntuicont needs {MINIMUM.width}×{MINIMUM.height}"
        self.query_one(Static).update(text)
