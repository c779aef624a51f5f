"""The configuration file: read and checked. The only reader of YAML configuration.

Knows names and ranges, no widget; which drivers there are is the engine's to say. Every error is `Invalid` and names
the file and the line.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import msgspec

from tuicont.core.errors import Invalid
from tuicont.keys import resolve_keys
from tuicont.text.values import boolean

if TYPE_CHECKING:
    from yaml.nodes import Node

_YAML_WORDS = {"yes": "true", "on": "true", "no": "false", "off": "false"}
"""What YAML takes for a boolean besides (https://yaml.org/type/bool.html)."""


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """What the user set. `keys` are the keys of every action by its id, in Textual's spelling. `storage_driver` and
    `runtime` are names of drivers, or "" for the first that works."""

    theme: str = "dark"
    interval: float = 1.0
    sort: str = "name"
    read_only: bool = False
    storage_driver: str = ""
    runtime: str = ""
    keys: dict[str, str] = msgspec.field(default_factory=lambda: resolve_keys("default", {}))
    file: str = ""


def load(path: str) -> Config:
    """The configuration at `path`; the defaults for ""."""
    if not path:
        return Config()
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
    except (OSError, UnicodeDecodeError) as error:
        reason = str(error.strerror).lower() if isinstance(error, OSError) else "it is not UTF-8 text"
        raise Invalid("read the configuration", f"{path}: {reason}") from error
    return parse(text, path)


def parse(text: str, file: str) -> Config:
    """The configuration that `text` holds; `file` is its name in errors."""
    import yaml

    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise _wrong(file, line, error.problem or "it is not YAML") from error
    except yaml.YAMLError as error:
        raise _wrong(file, 1, str(error)) from error
    if root is None:
        return Config(file=file)
    values: dict[str, Any] = {"file": file}
    for key, value in _pairs(root, file):
        values[key.value] = _READERS[_known(key, _READERS, file)](value, file)
    return Config(**values)


def _wrong(file: str, line: int, cause: str, hint: str = "") -> Invalid:
    return Invalid("read the configuration", f"{file}:{line}: {cause}", hint=hint)


def _line(node: Node) -> int:
    return int(node.start_mark.line) + 1


def _pairs(node: Node, file: str) -> list[tuple[Node, Node]]:
    import yaml

    if not isinstance(node, yaml.MappingNode):
        raise _wrong(file, _line(node), "expected `key: value` lines")
    seen: set[str] = set()
    for key, _ in node.value:
        if str(key.value) in seen:
            raise _wrong(file, _line(key), f"{key.value!r} is there twice")
        seen.add(str(key.value))
    return list(node.value)


def _known(key: Node, known: Any, file: str) -> str:
    name = str(key.value)
    if name not in known:
        close = get_close_matches(name, list(known), 1)
        raise _wrong(file, _line(key), f"unknown key {name!r}", f"did you mean {close[0]!r}?" if close else "")
    return name


def _scalar(node: Node, file: str) -> str:
    import yaml

    if not isinstance(node, yaml.ScalarNode):
        raise _wrong(file, _line(node), "expected one value")
    return str(node.value)


def _one_of(choices: Collection[str]) -> Callable[[Node, str], str]:
    def read(node: Node, file: str) -> str:
        value = _scalar(node, file)
        if value not in choices:
            raise _wrong(file, _line(node), f"{value!r} is none of {', '.join(choices)}")
        return value

    return read


def _interval(node: Node, file: str) -> float:
    value = _scalar(node, file)
    try:
        seconds = float(value)
    except ValueError:
        raise _wrong(file, _line(node), f"{value!r} is not a number of seconds") from None
    if not 0.2 <= seconds <= 60:
        raise _wrong(file, _line(node), f"{value} seconds are not between 0.2 and 60")
    return seconds


def _switch(node: Node, file: str) -> bool:
    value = _scalar(node, file)
    try:
        return boolean(_YAML_WORDS.get(value.lower(), value))
    except ValueError as error:
        raise _wrong(file, _line(node), str(error)) from None


def _theme(node: Node, file: str) -> str:
    from tuicont.themes import themes

    return _one_of(themes())(node, file)


def _sort(node: Node, file: str) -> str:
    from tuicont.presenters.containers import TABLE

    return _one_of(TABLE.orders)(node, file)


def _keys(node: Node, file: str) -> dict[str, str]:
    from tuicont.actions import BY_ID
    from tuicont.keys import PRESETS

    preset, own = "default", {}
    for key, value in _pairs(node, file):
        if key.value == "preset":
            preset = _one_of(PRESETS)(value, file)
        else:
            own[_known(key, BY_ID, file)] = _scalar(value, file)
    try:
        return resolve_keys(preset, own)
    except ValueError as error:
        raise _wrong(file, _line(node), str(error)) from error


_READERS: dict[str, Callable[[Node, str], Any]] = {
    "theme": _theme,
    "interval": _interval,
    "sort": _sort,
    "read_only": _switch,
    "storage_driver": _scalar,
    "runtime": _scalar,
    "keys": _keys,
}
