"""Plans as the bytes that the shim reads (`struct plan_head` in proto.h). Pure.

An integer is 64 bits, a string its length, its bytes and a NUL, a list its length and its strings. What many
containers have in common is encoded once.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import msgspec

from tuicont.core.model.request import LogOptions
from tuicont.core.runtime import ops
from tuicont.core.runtime.native import wire

_HEAD = struct.Struct("=IIQQIIII")
HEAD_SIZE = _HEAD.size
_INT = struct.Struct("=Q")
_LENGTH = struct.Struct("=I")
_ALL_BITS = (1 << 64) - 1


class PlanHead(msgspec.Struct, frozen=True, kw_only=True):
    """What the shim must know beside the operations. `enter` are v1 cgroups for the shim itself."""

    flags: int = 0
    clone_flags: int = 0
    clone_into: str = ""
    exit_path: str = ""
    log_path: str = ""
    log: LogOptions = LogOptions()
    exec_id: str = ""
    enter: tuple[str, ...] = ()


def encode_plan(plan: ops.Plan, head: PlanHead) -> bytes:
    """The whole plan. Raises `ValueError` for a string that holds a NUL."""
    flags = head.flags
    if any(type(operation) is ops.OpenTerminal for operation in plan):
        flags |= wire.PLAN_TERMINAL
    log, enter = head.log, head.enter
    parts = [
        _HEAD.pack(wire.PLAN_MAGIC, flags, head.clone_flags, log.max_size, log.max_files, len(enter), len(plan), 0),
        *map(_string, (head.clone_into, head.exit_path, head.log_path, head.exec_id, *enter)),
    ]
    parts += [_encode_cached(op) if op.common else _encode(op) for op in plan]
    return b"".join(parts)


def _int(value: int) -> bytes:
    return _INT.pack(value & _ALL_BITS)


def _string(value: str) -> bytes:
    data = value.encode("utf-8", "surrogateescape")
    if b"\0" in data:
        raise ValueError(f"a NUL byte in {value!r}")
    return b"%b%b\0" % (_LENGTH.pack(len(data)), data)


def _bytes(value: bytes) -> bytes:
    return _LENGTH.pack(len(value)) + value


def _list(values: tuple[str, ...]) -> bytes:
    return _LENGTH.pack(len(values)) + b"".join(map(_string, values))


_KINDS: dict[str, Callable[[Any], bytes]] = {
    "int": _int,
    "bool": _int,
    "str": _string,
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
