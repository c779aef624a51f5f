"""The search in the visible tab: what is searched for, and a few words on what was found. No widget."""

from __future__ import annotations

import re

from tuicont.screens.details.pane import Pane


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


class PaneSearch:
    """One at a time; another tab, or another container, ends it."""

    def __init__(self) -> None:
        self.pattern: re.Pattern[str] | None = None
        self.note = ""

    @property
    def text(self) -> str:
        """What was typed; empty without a search."""
        return self.pattern.pattern if self.pattern is not None else ""

    def begin(self, pane: Pane | None, text: str) -> None:
        """Search for `text` from now on; an empty one ends the search."""
        self.pattern = pattern_of(text)
        found = pane.find(self.pattern) if pane is not None else ""
        self.note = f"/{text} {found}".rstrip() if text else ""
