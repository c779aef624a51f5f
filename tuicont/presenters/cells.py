"""What presenters hand to widgets: text in spans that have a tone. Pure."""

from __future__ import annotations

from tuicont.presenters.tones import Tone

Span = tuple[str, Tone]
Cell = tuple[Span, ...]


def cell(text: str, tone: Tone = "") -> Cell:
    return ((text, tone),)
