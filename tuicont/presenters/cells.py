"""What presenters hand to widgets: text with a tone, and the columns it stands in. Pure.

A tone is a meaning ("bad"), never a colour; the theme gives it one.
"""

from __future__ import annotations

from dataclasses import dataclass

Span = tuple[str, str]
"""(text, tone)"""
Cell = tuple[Span, ...]

TONES = ("muted", "accent", "good", "frozen", "warn", "bad", "track", "heading")


@dataclass(frozen=True, slots=True)
class Column:
    """A column `width` cells wide. `right` aligns its text to the right; `sort` is its id for sorting."""

    id: str
    title: str
    width: int
    right: bool = False
    sortable: bool = True


def cell(text: str, tone: str = "") -> Cell:
    return ((text, tone),)
