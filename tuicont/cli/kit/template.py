"""The templates of `--format`: text with `{{.Field}}` in it, as Docker's users write them. Pure.

Of Go's template language it has `{{.A.B}}`, `{{.}}`, `{{json .A}}`, `{{len .A}}`, `{{upper .A}}`, `{{lower .A}}`
and `{{index .A "key"}}`; everything else is refused with the list of what there is. Lists and maps print as JSON.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tuicont.core.errors import Invalid
from tuicont.core.model.document import encode

_EXPRESSION = re.compile(r"\{\{-?\s*(.*?)\s*-?\}\}", re.DOTALL)
_WORD = re.compile(r'"(?:[^"\\]|\\.)*"|\S+')
_PATH = re.compile(r"\.|(?:\.[A-Za-z_][\w-]*)+")
_ESCAPES = {"\\t": "\t", "\\n": "\n", "\\\\": "\\"}

Part = str | Callable[[Any], str]


class Template:
    """A text with fields in it, to be filled with one value after the other. Raises `Invalid` for what is not
    understood. `fields` are the first names of the paths in it, `names` the last one of each, in order."""

    def __init__(self, text: str) -> None:
        self._parts: list[Part] = []
        paths: list[list[str]] = []
        position = 0
        for match in _EXPRESSION.finditer(text):
            path, part = _expression(match[1])
            paths.append(path.split(".")[1:])
            self._parts += [_unescape(text[position : match.start()]), part]
            position = match.end()
        if "{{" in text[position:]:
            raise Invalid("read the template", "a {{ has no }}", values={"template": text})
        self._parts.append(_unescape(text[position:]))
        self.fields = tuple(path[0] for path in paths if path[0])
        self.names = tuple(path[-1] for path in paths)

    def __call__(self, value: Any) -> str:
        return "".join(part if isinstance(part, str) else part(value) for part in self._parts)


def to_json(value: Any, *, indent: int = -1) -> str:
    """One line of JSON, or with `indent` as many as it takes."""
    return encode(value, indent=indent).decode()


def _unescape(text: str) -> str:
    return re.sub(r"\\[tn\\]", lambda match: _ESCAPES[match[0]], text)


def _expression(text: str) -> tuple[str, Callable[[Any], str]]:
    """The path that an expression is about, and what makes its text of a value."""
    words = _WORD.findall(text)
    if len(words) == 1 and _PATH.fullmatch(words[0]):
        return words[0], lambda row: _text(_look_up(row, words[0]))
    if len(words) == 2 and words[0] in _FUNCTIONS and _PATH.fullmatch(words[1]):
        function = _FUNCTIONS[words[0]]
        return words[1], lambda row: function(_look_up(row, words[1]))
    if len(words) == 3 and words[0] == "index" and _PATH.fullmatch(words[1]):
        key = words[2].strip('"')
        return words[1], lambda row: _text(_index(_look_up(row, words[1]), key))
    raise Invalid(
        "read the template",
        f"{{{{{text}}}}} is not understood",
        hint='there are {{.Field}}, {{index .Field "key"}}, and json, len, upper, lower before a field',
    )


def no_field(name: str, known: Iterable[object]) -> Invalid:
    """The error for a name that there is not; `known` are those that there are."""
    return Invalid("fill the template", f"there is no field {name!r}", hint=f"there are: {', '.join(map(str, known))}")


def _look_up(row: Any, path: str) -> Any:
    value = row
    for name in filter(None, path.split(".")):
        if not isinstance(value, Mapping) or name not in value:
            raise no_field(name, value if isinstance(value, Mapping) else ("none",))
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
