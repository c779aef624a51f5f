"""JSON of what the engine keeps: records, bundles, what it hands to other runtimes.

Arguments, variables and paths are bytes to the kernel. Those that are not UTF-8 are texts with surrogates in Python
(PEP 383), which msgspec neither writes nor reads; a document that has some takes the standard library's way, where each
stands as an escape (`"\\udcff"`).
"""

from __future__ import annotations

import re
from typing import Any, Generic, TypeVar

import msgspec

T = TypeVar("T")

_encode = msgspec.json.Encoder().encode
_ESCAPED = re.compile(rb"\\u[dD][cC]")


def encode(value: Any, *, indent: int = -1) -> bytes:
    """`value` as one line of JSON, or with `indent` as many as it takes."""
    try:
        encoded = _encode(value)
        return msgspec.json.format(encoded, indent=indent) if indent >= 0 else encoded
    except UnicodeEncodeError:
        import json

        shape: dict[str, Any] = {"indent": indent} if indent >= 0 else {"separators": (",", ":")}
        return json.dumps(msgspec.to_builtins(value), **shape).encode()


class OpenMap(dict[str, Any]):
    """A map of a document whose keys are anybody's, such as labels. Every other map is a record: its keys are fields,
    and one that is not there is a mistake."""


class Decoder(Generic[T]):
    """Reads what `encode` has written of a value of `kind`."""

    def __init__(self, kind: type[T]) -> None:
        self._kind = kind
        self._decode = msgspec.json.Decoder(kind).decode

    def decode(self, data: bytes | str) -> T:
        """Raises `msgspec.DecodeError`."""
        try:
            return self._decode(data)
        except msgspec.ValidationError:
            raise
        except msgspec.DecodeError:
            if not _ESCAPED.search(data if isinstance(data, bytes) else data.encode()):
                raise
            import json

            return msgspec.convert(json.loads(data), self._kind)
