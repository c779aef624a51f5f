"""Text that a container wrote, made safe: colours become styles, every other escape sequence is dropped.

Pure. What is not a colour (SGR, ECMA-48 8.3.117) and not a printable character has no way to the terminal.
"""

from __future__ import annotations

import re

from rich.color import Color
from rich.style import Style

from tuicont.text.units import plain

_SEQUENCE = re.compile(
    r"\x1b\[([0-9;:]*)m"  # SGR: the only one that means something here
    r"|\x1b\[[0-?]*[ -/]*[@-~]"
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\|$)"
    r"|\x1b[PX^_][^\x1b]*(?:\x1b\\|$)"
    r"|\x1b[ -/]*[0-~]?"
    r"|\x9b[0-?]*[ -/]*[@-~]?"
)
_FLAGS = {1: "bold", 2: "dim", 3: "italic", 4: "underline", 7: "reverse", 9: "strike"}
_UNSET = {22: ("bold", "dim"), 23: ("italic",), 24: ("underline",), 27: ("reverse",), 29: ("strike",)}

_TAB = 8

Runs = list[tuple[str, Style | None]]


def stripped(text: str) -> str:
    """One line without sequences, controls made visible, tabs as blanks; of a line that was written over
    (progress bars end each turn with a carriage return) only the last turn."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(part for part, _ in runs(text))


def runs(text: str) -> Runs:
    """The same line as `stripped` in runs of one style each; None is the widget's own style."""
    if "\r" in text:
        text = text.rstrip("\r").rpartition("\r")[2]
    found: Runs = []
    style: Style | None = None
    at = column = 0
    for match in _SEQUENCE.finditer(text):
        if match.start() > at:
            found.append((_expanded(text[at : match.start()], column), style))
            column += len(found[-1][0])
        at = match.end()
        if match[1] is not None:
            style = restyled(style, match[1])
    if at < len(text):
        found.append((_expanded(text[at:], column), style))
    return found


def _expanded(text: str, column: int) -> str:
    if "\t" in text:
        shift = column % _TAB
        text = (" " * shift + text).expandtabs(_TAB)[shift:]
    return plain(text)


def restyled(style: Style | None, parameters: str) -> Style | None:
    """`style` after one SGR sequence; unknown parameters are passed over."""
    codes = [int(code[:4]) if code else 0 for code in re.split("[;:]", parameters)]
    attributes: dict[str, bool | None] = {}
    colour, background = (style.color, style.bgcolor) if style else (None, None)
    if style is not None:
        attributes = {name: getattr(style, name) for name in _FLAGS.values()}
    index = 0
    while index < len(codes):
        code = codes[index]
        index += 1
        if code == 0:
            attributes, colour, background = {}, None, None
        elif code in _FLAGS:
            attributes[_FLAGS[code]] = True
        elif code in _UNSET:
            attributes.update(dict.fromkeys(_UNSET[code], None))
        elif 30 <= code <= 37 or 90 <= code <= 97:
            colour = Color.from_ansi(code - 30 if code < 40 else code - 82)
        elif 40 <= code <= 47 or 100 <= code <= 107:
            background = Color.from_ansi(code - 40 if code < 50 else code - 92)
        elif code == 39:
            colour = None
        elif code == 49:
            background = None
        elif code in (38, 48):
            chosen, index = _extended(codes, index)
            if chosen is not None:
                colour, background = (chosen, background) if code == 38 else (colour, chosen)
    if colour is None and background is None and not any(attributes.values()):
        return None
    return Style(color=colour, bgcolor=background, **attributes)  # type: ignore[arg-type]


def _extended(codes: list[int], index: int) -> tuple[Color | None, int]:
    """The colour after 38 or 48: `5;n` of 256, or `2;r;g;b`; and where the parameters go on."""
    kind = codes[index] if index < len(codes) else 0
    if kind == 5 and index + 1 < len(codes):
        return Color.from_ansi(min(codes[index + 1], 255)), index + 2
    if kind == 2 and index + 3 < len(codes):
        red, green, blue = (min(c, 255) for c in codes[index + 1 : index + 4])
        return Color.from_rgb(red, green, blue), index + 4
    return None, len(codes)
