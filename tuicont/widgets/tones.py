"""The style of a tone. The application has one component a tone: styled once, not once a widget that writes in it."""

from __future__ import annotations

from rich.style import Style
from textual.widget import Widget

from tuicont.presenters.tones import TONES

COMPONENTS = {f"tone-{tone}" for tone in TONES}
"""The application's component classes."""


def tone_style(widget: Widget, tone: str) -> Style:
    """What the tone changes; a widget that keeps it forgets it in `notify_style_update`."""
    return widget.app.get_component_styles(f"tone-{tone}").partial_rich_style
