"""What templates can call: Go's own functions (pkg.go.dev/text/template, "Functions") and Docker's
(docs.docker.com/engine/cli/formatting). Pure; `and` and `or` are the evaluator's, as they may leave arguments out.

All raise `ValueError` with what is wrong.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

from tuicont.cli.kit.template.printf import sprintf
from tuicont.cli.kit.template.printing import NO_VALUE, encoded, kind, plain_fields, printed
from tuicont.core.model.document import encode

Callee = Callable[..., Any]
"""Written in Python: how many arguments it takes is read from its code."""


def to_json(value: Any, *, indent: int = -1) -> str:
    """One line of JSON, or with `indent` as many as it takes."""
    return encode(value, indent=indent).decode()


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"a text is expected, not {printed(value)}")
    return value


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"a whole number is expected, not {printed(value)}")
    return value


def _string(value: bytes) -> str:
    return value.decode("utf-8", "surrogateescape")


def _length(value: Any) -> int:
    if isinstance(value, str):
        return len(encoded(value))
    if value is None:
        return 0
    if not isinstance(value, Mapping | Sequence):
        raise ValueError(f"{printed(value)} has no length")
    return len(value)


def _index(value: Any, *keys: Any) -> Any:
    for key in keys:
        value = _at(value, key)
    return value


def _at(value: Any, key: Any) -> Any:
    if isinstance(value, Mapping):
        return value.get(key, _zero(value)) if isinstance(key, str) else _no_index(value, key)
    if isinstance(value, Sequence):
        parts = encoded(value) if isinstance(value, str) else value
        return parts[key] if 0 <= _whole(key) < len(parts) else _no_index(value, key)
    return _no_index(value, key)


def _zero(value: Mapping[str, Any]) -> Any:
    """What a map has for a key that it lacks, as far as it shows what it is a map of."""
    return "" if all(isinstance(v, str) for v in value.values()) else NO_VALUE


def _no_index(value: Any, key: Any) -> NoReturn:
    sized = isinstance(value, Mapping | Sequence)
    raise ValueError(f"{kind(value)}{f' of {_length(value)}' if sized else ''} has no {printed(key)}")


def _slice(value: Any, *bounds: Any) -> Any:
    parts = encoded(value) if isinstance(value, str) else value
    if isinstance(parts, Mapping) or not isinstance(parts, Sequence) or len(bounds) > 2:
        raise ValueError(f"{printed(value)} cannot be sliced" if len(bounds) < 3 else "two bounds are enough")
    low, high = (*map(_whole, bounds), *(0, len(parts))[len(bounds) :])
    if not 0 <= low <= high <= len(parts):
        raise ValueError(f"{low} to {high} is not within {len(parts)}")
    return _string(parts[low:high]) if isinstance(parts, bytes) else parts[low:high]


def _join(parts: Any, separator: Any) -> str:
    if parts is not None and (isinstance(parts, str | Mapping) or not isinstance(parts, Sequence)):
        raise ValueError(f"a list of texts is expected, not {printed(parts)}")
    return _text(separator).join(map(_text, parts or ()))


def _split(text: Any, separator: Any) -> list[str]:
    return _text(text).split(_text(separator)) if separator else list(_text(text))


def _title(text: Any) -> str:
    letters = []
    begins = True
    for letter in _text(text):
        letters.append(letter.title() if begins else letter)
        begins = not (letter.isalnum() or letter == "_") if letter.isascii() else letter.isspace()
    return "".join(letters)


def _pad(text: Any, before: Any, after: Any) -> str:
    blanks = [min(max(_whole(count), 0), 1_000_000) for count in (before, after)]
    return " " * blanks[0] + _text(text) + " " * blanks[1] if text else ""


def _truncate(text: Any, length: Any) -> str:
    return _string(encoded(_text(text))[: max(_whole(length), 0)])


def _print(*values: Any) -> str:
    """Blanks stand between two of which neither is a text."""
    parts: list[str] = []
    for number, value in enumerate(values):
        apart = number and not isinstance(value, str) and not isinstance(values[number - 1], str)
        parts += [" ", printed(value)] if apart else [printed(value)]
    return "".join(parts)


def _println(*values: Any) -> str:
    return " ".join(map(printed, values)) + "\n"


def _family(value: Any) -> str:
    return {"int": "number", "float64": "number"}.get(name := kind(value), name)


def _equal(first: Any, second: Any, *more: Any) -> bool:
    for other in (second, *more):
        if None in (first, other):
            if first is other:
                return True
            continue
        if isinstance(first, Mapping | list | tuple) or isinstance(other, Mapping | list | tuple):
            raise ValueError("lists and maps cannot be compared")
        if _family(first) != _family(other):
            raise ValueError(f"{printed(first)} and {printed(other)} cannot be compared")
        if first == other:
            return True
    return False


def _ordered(compare: Callable[[Any, Any], bool]) -> Callee:
    def compared(first: Any, second: Any) -> bool:
        if _family(first) != _family(second) or _family(first) not in ("number", "string"):
            raise ValueError(f"{printed(first)} and {printed(second)} have no order")
        return compare(first, second)

    return compared


FUNCTIONS: Mapping[str, Callee] = {
    "not": lambda value: not value,
    "len": _length,
    "index": _index,
    "slice": _slice,
    "print": _print,
    "println": _println,
    "printf": lambda form, *values: sprintf(_text(form), values),
    "eq": _equal,
    "ne": lambda first, second: not _equal(first, second),
    "lt": _ordered(operator.lt),
    "le": _ordered(operator.le),
    "gt": _ordered(operator.gt),
    "ge": _ordered(operator.ge),
    "json": lambda value: to_json(plain_fields(value) if isinstance(value, Mapping) else value),
    "join": _join,
    "split": _split,
    "upper": lambda text: _text(text).upper(),
    "lower": lambda text: _text(text).lower(),
    "title": _title,
    "pad": _pad,
    "truncate": _truncate,
}

HEADINGS: Mapping[str, Callee] = {
    **FUNCTIONS,
    "json": lambda heading: heading,
    "upper": lambda heading: heading,
    "lower": lambda heading: heading,
    "title": lambda heading: heading,
    "truncate": lambda heading, _: heading,
}
"""The same where the values are headings of columns, which stay as they are."""
