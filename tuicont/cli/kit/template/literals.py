"""Literals of Go (go.dev/ref/spec, "Constants"): texts, characters, numbers. Pure."""

from __future__ import annotations

import re

_ESCAPE = re.compile(
    r"\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{3})|([abfnrtv\\'\"])|(.?))", re.DOTALL
)
_SIMPLE = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_DIGITS = 300
"""More than any number that is meant; Python's own limit is near, and an error of another kind."""


def literal(text: str) -> str | int | float:
    """The value of a literal. Raises `ValueError`."""
    if text[0] == "`":
        return text[1:-1]
    if text[0] == '"':
        return _ESCAPE.sub(_escaped, text[1:-1])
    if text[0] == "'":
        character = _ESCAPE.sub(_escaped, text[1:-1])
        if len(character) != 1:
            raise ValueError(text)
        return ord(character)
    if len(text) > _DIGITS:
        raise ValueError(text)
    digits = text.lstrip("+-")
    octal = len(digits) > 1 and digits[0] == "0" and digits.isdecimal()
    try:
        return int(text, 8 if octal else 0)
    except ValueError:
        return float(text)


def _escaped(match: re.Match[str]) -> str:
    byte, short, long, octal, simple, other = match.groups()
    if other is not None:
        raise ValueError(match[0])
    if simple:
        return _SIMPLE.get(simple, simple)
    if byte or octal:
        number = int(byte, 16) if byte else int(octal, 8)
        return bytes([number]).decode("utf-8", "surrogateescape")  # above 255: ValueError
    code = int(short or long, 16)
    if 0xD800 <= code < 0xE000 or code > 0x10FFFF:
        raise ValueError(match[0])
    return chr(code)
