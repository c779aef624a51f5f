"""What presenters hand to widgets: text with a tone, and the columns it stands in. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from tuicont.presenters.tones import Tone

Span = tuple[str, Tone]
Cell = tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """A column `width` cells wide. `right` aligns its text to the right; `sort` is its id for sorting."""

    id: str
    title: str
    width: int
    right: bool = False
    sortable: bool = True


def cell(text: str, tone: Tone = "") -> Cell:
    return ((text, tone),)
