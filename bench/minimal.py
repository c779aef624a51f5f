"""The smallest application of Textual's, with tuicont's settings: what a first paint costs any that has one."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.widgets import Static

SHOWN = "a minimal application"


class Minimal(App[int], inherit_bindings=False):
    """One line of text."""

    ENABLE_COMMAND_PALETTE = False

    def compose(self) -> ComposeResult:
        """The line."""
        yield Static(SHOWN)


if __name__ == "__main__":
    Minimal().run()
