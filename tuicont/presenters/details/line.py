"""Lines of text in spans that have a tone, and the ways to lay them out. Pure.

Knows no widget and no colour: a tone ("warn") becomes a style where it is drawn. Everything that a
container could have written goes through `plain`, so that none of its bytes reaches the terminal.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeVar

from rich.cells import cell_len, set_cell_size

from tuicont.presenters.cells import Cell, Span
from tuicont.presenters.table import Align, Placing
from tuicont.presenters.tones import Tone
from tuicont.text.units import plain, shorten

Line = Cell
R = TypeVar("R")

_WRAPPED_MOST = 10_000


class Page(NamedTuple):
    """What a tab shows: a heading that stays (may be empty), its lines, and a key for each line that can
    be opened ("" for the others; empty when none can)."""

    lines: tuple[Line, ...]
    head: Line = ()
    keys: tuple[str, ...] = ()
    status: str = ""


def said(text: str, tone: Tone = "muted") -> Page:
    """A page that says one thing: why there is nothing else to show."""
    return Page(lines=((), *(((f"  {safe(part)}", tone),) for part in text.split("\n"))))


def troubled(page: Page, text: str) -> Page:
    """What is known of a page, below the reason why it is old or not whole."""
    reason = said(text, "bad").lines
    keys = (*("" for _ in reason), *page.keys) if page.keys else ()
    return Page((*reason, *page.lines), page.head, keys, page.status)


def safe(text: str) -> str:
    """One line of text as it may go to the terminal."""
    return plain(text.replace("\t", "  ") if "\t" in text else text)


def fit(text: str, width: int) -> str:
    """`text` made safe and exactly `width` cells wide: padded, or cut with an ellipsis."""
    if width <= 0:
        return ""
    text = safe(shorten(text, _characters(width)))
    if text.isascii():
        return text.ljust(width) if len(text) <= width else text[: width - 1] + "…"
    return set_cell_size(text, width) if cell_len(text) <= width else set_cell_size(text, width - 1) + "…"


def fit_end(text: str, width: int) -> str:
    """Like `fit`, but it is the beginning that is cut: what counts in a path is its end."""
    text = safe(text[-_characters(max(width, 0)) :])
    if width <= 0 or cell_len(text) <= width:
        return fit(text, width)
    text = text[-width:]
    while cell_len(text) > width - 1:
        text = text[1:]
    return fit("…" + text, width)


def right(text: str, width: int) -> str:
    """`text` at the right of `width` cells, as numbers stand."""
    return safe(text).rjust(width) if len(text) <= width else fit(text, width)


def _characters(width: int) -> int:
    """How many characters of a text are looked at for so many cells: a hostile one can have millions, and some take no
    room."""
    return 4 * width + 16


def width_of(line: Line) -> int:
    """Cells that a line occupies."""
    return sum(len(text) if text.isascii() else cell_len(text) for text, _ in line)


def text_of(line: Line) -> str:
    """The line's text without tones."""
    return "".join(text for text, _ in line).rstrip()


def wrapped(text: str, width: int, tone: Tone = "") -> list[Line]:
    """`text` made safe and broken into lines of at most `width` cells, at blanks where there are any; of a very long
    one only the beginning."""
    lines: list[Line] = []
    rest = safe(shorten(text, _WRAPPED_MOST))
    width = max(width, 4)
    while cell_len(rest) > width:
        piece = rest[:width] if rest.isascii() else set_cell_size(rest, width).rstrip()
        blank = piece.rfind(" ")
        cut = blank if blank > width // 3 else len(piece)
        lines.append(((rest[:cut].rstrip(), tone),))
        rest = rest[max(cut, 1) :].lstrip()
    lines.append(((rest, tone),))
    return lines


def clipped(line: Line, width: int) -> Line:
    """The beginning of a line that is wider than `width` cells, with an ellipsis at its end."""
    if width_of(line) <= width:
        return line
    kept: list[Span] = []
    for text, tone in line:
        room = width - width_of(tuple(kept))
        if cell_len(text) >= room:
            return (*kept, (fit(text + "…", room), tone))
        kept.append((text, tone))
    return tuple(kept)


def beside(first: Sequence[Line], second: Sequence[Line], first_width: int) -> tuple[Line, ...]:
    """Two blocks side by side, the first one cut or padded to `first_width` cells."""
    rows = []
    for index in range(max(len(first), len(second))):
        left = clipped(first[index], first_width - 1) if index < len(first) else ()
        other = second[index] if index < len(second) else ()
        rows.append((*left, (" " * (first_width - width_of(left)), ""), *other) if other else left)
    return tuple(rows)


def fitted(cell: Cell, width: int, align: Align = Align.LEFT) -> Line:
    """A cell in exactly `width` cells."""
    if len(cell) == 1:
        text, tone = cell[0]
        fitting = {Align.LEFT: fit, Align.RIGHT: right, Align.END: fit_end}[align]
        return ((fitting(text, width), tone),)
    kept = clipped(cell, width)
    blank: Span = (" " * (width - width_of(kept)), "")
    return (blank, *kept) if align is Align.RIGHT else (*kept, blank)


def row_line(placing: Placing[R], row: R) -> Line:
    """One row of a table."""
    return _joined(placing, (fitted(column.cell(row, width), width, column.align) for column, width in placing.columns))


def head_line(placing: Placing[R]) -> Line:
    """The heading of a table."""
    return _joined(
        placing,
        (
            fitted(((column.title, "heading"),), width, Align.RIGHT if column.align is Align.RIGHT else Align.LEFT)
            for column, width in placing.columns
        ),
    )


def _joined(placing: Placing[R], cells: Iterable[Line]) -> Line:
    gap: Span = (" " * placing.gap, "")
    line: list[Span] = []
    for cell in cells:
        line += [gap, *cell] if line else cell
    return tuple(line)
