"""The templates of `--format`: text with `{{.Field}}` in it, as Docker's users write them. Pure.

Of Go's template language it has `{{.A.B}}`, `{{.}}`, `{{json .A}}`, `{{len .A}}`, `{{upper .A}}`, `{{lower .A}}`
and `{{index .A "key"}}`; everything else is refused with the list of what there is. Lists and maps print as JSON.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from tuicont.core.errors import Invalid

_EXPRESSION = re.compile(r"\{\{-?\s*(.*?)\s*-?\}\}", re.DOTALL)
_WORD = re.compile(r'"(?:[^"\\]|\\.)*"|\S+')
_PATH = re.compile(r"\.|(?:\.[A-Za-z_][\w-]*)+")
_ESCAPES = {"\\t": "\t", "\\n": "\n", "\\\\": "\\"}

Part = str | Callable[[Any], str]


def compile_template(text: str) -> Callable[[Any], str]:
    """A function that fills the template with one row."""
    parts: list[Part] = []
    position = 0
    for match in _EXPRESSION.finditer(text):
        parts += [_unescape(text[position : match.start()]), _expression(match[1])]
        position = match.end()
    parts.append(_unescape(text[position:]))
    return lambda row: "".join(part if isinstance(part, str) else part(row) for part in parts)


def fields(text: str) -> list[str]:
    """The last name of each field that a template uses: the headings of `table {{.ID}}\\t{{.Names}}`."""
    return [match[1].rsplit(".", 1)[-1].strip('" ') for match in _EXPRESSION.finditer(text)]


def to_json(value: Any, *, indent: int = -1) -> str:
    """One line of JSON, or with `indent` as many as it takes."""
    encoded = msgspec.json.encode(value)
    return (msgspec.json.format(encoded, indent=indent) if indent >= 0 else encoded).decode()


def _unescape(text: str) -> str:
    return re.sub(r"\\[tn\\]", lambda match: _ESCAPES[match[0]], text)


def _expression(text: str) -> Callable[[Any], str]:
    words = _WORD.findall(text)
    if len(words) == 1 and _PATH.fullmatch(words[0]):
        return lambda row: _text(_look_up(row, words[0]))
    if len(words) == 2 and words[0] in _FUNCTIONS and _PATH.fullmatch(words[1]):
        function = _FUNCTIONS[words[0]]
        return lambda row: function(_look_up(row, words[1]))
    if len(words) == 3 and words[0] == "index" and _PATH.fullmatch(words[1]):
        key = words[2].strip('"')
        return lambda row: _text(_index(_look_up(row, words[1]), key))
    raise Invalid(
        "read the template",
        f"{{{{{text}}}}} is not understood",
        hint='there are {{.Field}}, {{index .Field "key"}}, and json, len, upper, lower before a field',
    )


def _look_up(row: Any, path: str) -> Any:
    value = row
    for name in filter(None, path.split(".")):
        if not isinstance(value, Mapping) or name not in value:
            known = ", ".join(map(str, value)) if isinstance(value, Mapping) else "none"
            raise Invalid("fill the template", f"there is no field {name!r} in {path}", hint=f"there are: {known}")
        value = value[name]
    return value


def _index(value: Any, key: str) -> Any:
    if isinstance(value, Mapping):
        return value.get(key, "")
    if isinstance(value, list | tuple) and key.isdecimal() and int(key) < len(value):
        return value[int(key)]
    raise Invalid("fill the template", f"index {key} is not there")


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    return to_json(value)


def _length(value: Any) -> str:
    if isinstance(value, Mapping | list | tuple | str):
        return str(len(value))
    raise Invalid("fill the template", f"{to_json(value)} has no length")


_FUNCTIONS: dict[str, Callable[[Any], str]] = {
    "json": to_json,
    "len": _length,
    "upper": lambda value: _text(value).upper(),
    "lower": lambda value: _text(value).lower(),
}
