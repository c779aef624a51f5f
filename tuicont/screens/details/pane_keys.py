"""The details' own keys: searching in the visible tab, and copying what it shows.

A key that the tab has no use for now (`n` without a search) goes on to the screen.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import ClassVar

from textual.binding import BindingType
from textual.widget import Widget

from tuicont.actions import Scope
from tuicont.messages import EngineAccess
from tuicont.screens.details.pane import Pane
from tuicont.widgets.keys import bindings_for
from tuicont.widgets.prompt_line import PromptLine

_COPIED_MOST = 1 << 20
_NEEDS_SEARCH = frozenset({"next_match", "previous_match", "end_search"})


def pattern_of(text: str) -> re.Pattern[str] | None:
    """What to search for: a regular expression, or the text itself where it is none; capitals count
    only when there are any."""
    if not text:
        return None
    flags = re.NOFLAG if any(c.isupper() for c in text) else re.IGNORECASE
    try:
        return re.compile(text, flags)
    except re.error:
        return re.compile(re.escape(text), flags)


class PaneKeys(Widget):
    """What the details are, as far as keys are concerned."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_for(Scope.DETAILS)
    bridge: EngineAccess
    _pattern: re.Pattern[str] | None = None
    search_note = ""

    @property
    def pane(self) -> Pane | None:
        """The visible pane."""
        raise NotImplementedError

    def prompt(self, purpose: str, label: str, text: str = "") -> None:
        """Ask in the line below."""
        raise NotImplementedError

    def searched(self) -> None:
        """The search, or what it found, has changed."""
        raise NotImplementedError

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Without a search there is no next match: the key is the screen's."""
        if action == "run" and parameters and parameters[0] in _NEEDS_SEARCH:
            return self._pattern is not None
        return True

    def action_run(self, action_id: str) -> None:
        """Do one of the details' actions."""
        actions: dict[str, Callable[[], object]] = {
            "search": lambda: self.prompt("search", "/", self._pattern.pattern if self._pattern else ""),
            "next_match": lambda: self._jump(1),
            "previous_match": lambda: self._jump(-1),
            "end_search": self.clear_search,
            "copy_text": self._copy,
        }
        actions[action_id]()

    def clear_search(self) -> None:
        """Forget the search."""
        if self._pattern is not None:
            self._search("")

    def _search(self, text: str) -> None:
        self._pattern = pattern_of(text)
        pane = self.pane
        found = pane.find(self._pattern) if pane is not None else ""
        self.search_note = f"/{text} {found}".rstrip() if text else ""
        self.searched()

    def _jump(self, step: int) -> None:
        pane = self.pane
        if pane is not None and not pane.jump(step):
            self.bridge.notify(f"nothing matches {self._pattern.pattern if self._pattern else ''}")

    def _copy(self) -> None:
        pane = self.pane
        if pane is None:
            return
        what, text = pane.copied()
        self.app.copy_to_clipboard(text[:_COPIED_MOST])
        self.bridge.notify(f"copied {what}")

    def on_pane_asked(self, message: Pane.Asked) -> None:
        """The visible pane has a question."""
        message.stop()
        self.prompt(message.purpose, message.label, message.text)

    def on_prompt_line_changed(self, message: PromptLine.Changed) -> None:
        """Searching follows the typing."""
        message.stop()
        if message.purpose == "search":
            self._search(message.text)

    def on_prompt_line_answered(self, message: PromptLine.Answered) -> None:
        """The keyboard goes back to the pane."""
        message.stop()
        pane = self.pane
        if message.purpose == "search":
            if message.text is None:
                self.clear_search()
            elif message.text:
                self._jump(1)
        elif pane is not None:
            pane.answered(message.purpose, message.text)
        self.focus()
