"""Operations as the bytes that a child reads. Pure.

An integer is 64 bits, a string its length, its bytes and a NUL, a list its length and its strings. What many
containers have in common is encoded once.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from tuicont.core.runtime import ops
from tuicont.core.shim.plan import string

_INT = struct.Struct("=Q")
_LENGTH = struct.Struct("=I")
_ALL_BITS = (1 << 64) - 1


def encode(plan: ops.Plan) -> bytes:
    """The operations one after the other. Raises `ValueError` for a string that holds a NUL."""
    return b"".join([_encode_cached(op) if op.common else _encode(op) for op in plan])


def _int(value: int) -> bytes:
    return _INT.pack(value & _ALL_BITS)


def _bytes(value: bytes) -> bytes:
    return _LENGTH.pack(len(value)) + value


def _list(values: tuple[str, ...]) -> bytes:
    return _LENGTH.pack(len(values)) + b"".join(map(string, values))


_KINDS: dict[str, Callable[[Any], bytes]] = {
    "int": _int,
    "bool": _int,
    "str": string,
    "bytes": _bytes,
    "tuple[str, ...]": _list,
}
_FIELDS: dict[type[ops.Operation], tuple[bytes, tuple[tuple[str, Callable[[Any], bytes]], ...]]] = {
    kind: (
        _LENGTH.pack(kind.code),
        tuple((field, _KINDS[kind.__annotations__[field]]) for field in kind.__struct_fields__),
    )
    for kind in ops.ALL
}


def _encode(operation: ops.Operation) -> bytes:
    code, fields = _FIELDS[type(operation)]
    return code + b"".join([pack(getattr(operation, field)) for field, pack in fields])


_encode_cached = lru_cache(maxsize=1024)(_encode)
