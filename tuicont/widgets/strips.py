"""Styles put over what is drawn already, for cursors and matches. Knows no widget."""

from __future__ import annotations

import re

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip


def over(strip: Strip, style: Style) -> Strip:
    """The strip with `style` on top: what it sets wins over what each part has (`Strip.apply_style` puts it below)."""
    return Strip([Segment(text, (own or Style()) + style) for text, own, _ in strip], strip.cell_length)


def with_matches(strip: Strip, pattern: re.Pattern[str], style: Style) -> Strip:
    """The strip with `style` over everything that matches."""
    parts, at = [], 0
    for match in pattern.finditer(strip.text):
        if match.end() > match.start():
            start, end = (strip.index_to_cell_position(index) for index in match.span())
            parts += [strip.crop(at, start), over(strip.crop(start, end), style)]
            at = end
    return Strip.join([*parts, strip.crop(at)]) if parts else strip
