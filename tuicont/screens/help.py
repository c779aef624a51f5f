"""The help page: the keys of the screen below, and of the pane with the focus."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import ModalScreen

from tuicont.actions import in_scope
from tuicont.presenters.help import lines
from tuicont.screens.base import ModeScreen
from tuicont.widgets.guarded import Guarded
from tuicont.widgets.pager import Pager


class HelpScreen(Guarded, ModalScreen[None]):
    """Made from the action table; any of its own keys closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,question_mark,enter", "dismiss", show=False)]

    def __init__(self, screen: ModeScreen, keys: Mapping[str, str]) -> None:
        super().__init__()
        self._below = screen
        self._actions = (*screen.actions(), *(a for scope in screen.IN_FOCUS for a in in_scope(scope)))
        self._keys = keys
        self._situation = screen.situation()

    def compose(self) -> ComposeResult:
        pager = Pager(id="help")
        pager.border_title = Content(f"help ─ {self._below.MODE}")
        pager.border_subtitle = Content("esc closes · j k move")
        yield pager

    def on_mount(self) -> None:
        """Read from the top."""
        self.query_one(Pager).focus()

    def on_resize(self, event: events.Resize) -> None:
        """Break the lines for the width."""
        self.call_after_refresh(self._show)

    def _show(self) -> None:
        pager = self.query_one(Pager)
        pager.show(lines(self._actions, self._keys, self._situation, pager.scrollable_content_region.width))
