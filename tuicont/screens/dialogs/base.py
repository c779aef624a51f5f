"""A box in the middle of the screen that `escape` closes without an answer."""

from __future__ import annotations

from typing import ClassVar, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen

from tuicont.text.units import plain
from tuicont.widgets.guarded import Guarded

T = TypeVar("T")


class DialogBox(VerticalScroll, inherit_bindings=False, can_focus=False):
    """Scrolls by page only: the arrow keys are the fields', which also scroll to the one that has the focus."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("pageup", "page_up", show=False),
        Binding("pagedown", "page_down", show=False),
    ]


class Dialog(Guarded, ModalScreen[T]):
    """A subclass yields its contents from `contents`; the title and the keys stand on the border."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "close", show=False)]
    KEYS = "esc closes"

    def __init__(self, title: str) -> None:
        super().__init__()
        self._heading = title

    def contents(self) -> ComposeResult:
        """What is in the box."""
        yield from ()

    def compose(self) -> ComposeResult:
        with DialogBox(classes="dialog") as box:
            box.border_title = Content(plain(self._heading))
            box.border_subtitle = Content(self.KEYS)
            yield from self.contents()

    def action_cancel(self) -> None:
        """Close without an answer."""
        self.dismiss(None)
