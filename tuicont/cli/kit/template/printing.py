"""Values as Go's fmt package prints them (pkg.go.dev/fmt): `[a b]`, `map[k:v]`, `{a b}`, `true`, `<nil>`. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tuicont.core.model.document import OpenMap

_ESCAPES = {"\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v"}


class NoValue:
    """What a key that a map lacks has: nothing, which prints so. It is false."""

    def __bool__(self) -> bool:
        return False


NO_VALUE = NoValue()


def printed(value: Any) -> str:
    """A value by itself, as the verb %v has it."""
    if isinstance(value, str):
        return value
    if value is None:
        return "<nil>"
    if value is NO_VALUE:
        return "<no value>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return shortest(value)
    return str(value) if (text := compound(value, printed)) is None else text


def plain_fields(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record as it is printed and encoded, without its methods."""
    return {name: value for name, value in record.items() if not callable(value)}


def compound(value: Any, part: Callable[[Any], str]) -> str | None:
    """A record, map or list, its parts as `part` has them; None for anything else."""
    if isinstance(value, Mapping) and not isinstance(value, OpenMap):
        return f"{{{' '.join(map(part, plain_fields(value).values()))}}}"
    if isinstance(value, Mapping):
        return f"map[{' '.join(f'{part(key)}:{part(value[key])}' for key in sorted(value))}]"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{' '.join(map(part, value))}]"
    return None


def kind(value: Any) -> str:
    """The name of its type in Go."""
    if value is None or value is NO_VALUE:
        return "<nil>"
    for python, name in ((bool, "bool"), (int, "int"), (float, "float64"), (str, "string")):
        if isinstance(value, python):
            return name
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, Sequence) else ()
    name = "string" if inner and all(isinstance(v, str) for v in inner) else "interface {}"
    return f"map[string]{name}" if isinstance(value, Mapping) else f"[]{name}"


def shortest(value: float) -> str:
    """A number in the fewest digits that tell it from others, with an exponent below 1e-4 and from 1e+06 on
    (strconv.FormatFloat with 'g' and -1)."""
    if math.isinf(value) or math.isnan(value):
        return {"inf": "+Inf", "-inf": "-Inf"}.get(str(value), "NaN")
    digits, exponent = _digits(value)
    sign = "-" if math.copysign(1, value) < 0 else ""
    if exponent < -4 or exponent >= 6:
        rest = f".{digits[1:]}" if len(digits) > 1 else ""
        return f"{sign}{digits[0]}{rest}e{'-' if exponent < 0 else '+'}{abs(exponent):02}"
    if exponent < 0:
        return f"{sign}0.{'0' * (-exponent - 1)}{digits}"
    before, after = digits[: exponent + 1].ljust(exponent + 1, "0"), digits[exponent + 1 :]
    return f"{sign}{before}{'.' + after if after else ''}"


def _digits(value: float) -> tuple[str, int]:
    """The significant digits, and the power of ten of the first."""
    from decimal import Decimal  # where floating numbers are printed, which is rare

    _, digits, exponent = Decimal(repr(abs(value))).as_tuple()
    text = "".join(map(str, digits)).lstrip("0")
    return (text.rstrip("0"), len(text) - 1 + int(exponent)) if text else ("0", 0)


def encoded(text: str) -> bytes:
    """UTF-8, as which Go counts; what was not UTF-8 as the bytes that it was."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")


def quoted(text: str) -> str:
    """In double quotes, with Go's escapes (strconv.Quote)."""
    return f'"{"".join(map(_escaped, text))}"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    if character in _ESCAPES or character.isprintable():
        return _ESCAPES.get(character, character)
    number = ord(character)
    if 0xDC80 <= number <= 0xDCFF:  # a byte that is not UTF-8
        return f"\\x{number - 0xDC00:02x}"
    if number < 0x80:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
