"""JSON as Go's encoding/json reads it, which is how everybody else reads an image's documents.

A key is found without regard to case; null is as good as nothing; bytes that are no UTF-8 become U+FFFD. In one thing
it is stricter: two keys of one object that differ in case alone are refused, as nobody could tell which is meant.
Knows no document. Keys that a type does not name are not looked at.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

import msgspec
from msgspec import inspect

T = TypeVar("T")
_Reading = Callable[[Any], Any]


def decode(raw: bytes, kind: type[T]) -> T:
    """The document as `kind`. Raises `msgspec.DecodeError`, and `RecursionError` for one that is nested too deep."""
    try:
        raw.decode()
    except UnicodeDecodeError:
        raw = raw.decode(errors="replace").encode()
    return msgspec.convert(_reading(kind)(msgspec.json.decode(raw)), type=kind)  # type: ignore[arg-type]


@cache
def _reading(kind: Any) -> _Reading:
    """What makes of plain values those that `kind` is converted from. To look at a type takes ten times as long as to
    read a document, and there are few."""
    return _reading_of(inspect.type_info(kind))


def _reading_of(kind: inspect.Type) -> _Reading:
    match kind:
        case inspect.UnionType():
            [one] = [each for each in kind.types if not isinstance(each, inspect.NoneType)]
            return _or_none(_reading_of(one))
        case inspect.StructType():
            fields = {field.encode_name: _reading_of(field.type) for field in kind.fields}
            return lambda value: _object(value, fields)
        case inspect.ListType():
            item, empty = _reading_of(kind.item_type), _empty(kind.item_type)
            return lambda value: (
                [item(empty if each is None else each) for each in value] if isinstance(value, list) else value
            )
        case inspect.DictType():
            empty = _empty(kind.value_type)
            return lambda value: (
                {key: empty if each is None else each for key, each in value.items()}
                if isinstance(value, dict)
                else value
            )
    return lambda value: value


def _or_none(reading: _Reading) -> _Reading:
    return lambda value: None if value is None else reading(value)


def _empty(kind: inspect.Type) -> Any:
    """What Go leaves in the place of a null."""
    return "" if isinstance(kind, inspect.StrType) else {}


def _object(value: Any, fields: dict[str, _Reading]) -> Any:
    if not isinstance(value, dict):
        return value
    names = {name.casefold(): name for name in fields}
    found: dict[str, Any] = {}
    said: dict[str, str] = {}
    for key, each in value.items():
        name = names.get(key.casefold())
        if name is None:
            continue
        if name in said:
            raise msgspec.ValidationError(f"it says both `{said[name]}` and `{key}`")
        said[name] = key
        if each is not None:
            found[name] = fields[name](each)
    return found
