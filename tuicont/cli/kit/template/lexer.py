"""From the text of a template to pieces: text, and the tokens of actions. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from tuicont.core.errors import Invalid


class Token(NamedTuple):
    """`kind` is the name of the group in the grammar that matched."""

    kind: str
    text: str


Piece = str | list[Token]
"""A text, or the tokens of an action."""

_SPACE = " \t\r\n"
_MARKER = re.compile(r"-\s+")
_NAME = r"[^\W\d][\w-]*(?<!-)"
_PATH = rf"{_NAME}(?:\.{_NAME})*"
_COMMENT = re.compile(r"/\*.*?\*/(?P<trim>\s+-)?\}\}", re.DOTALL)
_GRAMMAR = re.compile(
    r"(?P<close>\s+-\}\}|\}\})"
    r"|(?P<space>\s+)"
    r'|(?P<string>"(?:[^"\\\n]|\\.)*")'
    r"|(?P<raw>`[^`]*`)"
    r"|(?P<character>'(?:[^'\\\n]|\\.[^']*)')"
    r"|(?P<number>[+-]?(?:0[xX][\da-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?))"
    rf"|(?P<variable>\$(?:{_NAME})?(?:\.{_PATH})?)"
    rf"|(?P<path>\.(?:{_PATH})?)"
    rf"|(?P<word>{_NAME})"
    rf"|(?P<closing>\)(?:\.{_PATH})?)"
    r"|(?P<opening>\()"
    r"|(?P<declare>:=)"
    r"|(?P<assign>=)"
    r"|(?P<pipe>\|)"
    r"|(?P<comma>,)",
    re.ASCII,
)


def pieces(template: str) -> Iterator[Piece]:
    """In order, trimmed as the markers `{{- ` and ` -}}` ask. Comments give nothing. Raises `Invalid`."""
    position, trim = 0, False
    while True:
        begin = template.find("{{", position)
        text = template[position : begin if begin >= 0 else len(template)]
        if trim:
            text = text.lstrip(_SPACE)
        if begin < 0:
            yield text
            return
        position = begin + 2
        if marker := _MARKER.match(template, position):
            text, position = text.rstrip(_SPACE), marker.end()
        yield text
        if comment := _COMMENT.match(template, position):
            position, trim = comment.end(), comment["trim"] is not None
            continue
        tokens, position, trim = _action(template, position)
        yield tokens


def _action(template: str, position: int) -> tuple[list[Token], int, bool]:
    """The tokens from there to the end of the action, where that is, and whether text after it is trimmed."""
    tokens: list[Token] = []
    while position < len(template):
        match = _GRAMMAR.match(template, position)
        if match is None:
            raise not_understood(template[position:].partition("}}")[0].strip(), template)
        kind, position = str(match.lastgroup), match.end()
        if kind == "close":
            return tokens, position, len(match[0]) > len("}}")
        tokens.append(Token(kind, match[0]))
    raise Invalid("read the template", "a {{ has no }}", values={"template": template})


def not_understood(what: str, template: str) -> Invalid:
    """The error for a text that is no part of the language."""
    return Invalid("read the template", f"{what!r} is not understood", values={"template": template})
