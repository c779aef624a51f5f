"""The plan of a birth as the shim reads it (`struct plan_head` in proto.h), in a file in memory.

The engine writes it, the shim reads what is before the operations, and the child reads the operations and writes its
report and its trace there. Of the operations only their number and their size are known here.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable

import msgspec

from tuicont.core.errors import EngineError, Invalid
from tuicont.core.model.request import LogOptions
from tuicont.core.shim import wire
from tuicont.core.shim.patience import PATIENCE_SECONDS

_HEAD = struct.Struct("=IIQQIIIIQQiiii")
_NO_REPORT = (-1, 0, 0, 0)  # struct birth_report of a child that has not begun
HEAD_SIZE = _HEAD.size
_LENGTH = struct.Struct("=I")
_ALIGNMENT = 8


class PlanHead(msgspec.Struct, frozen=True, kw_only=True):
    """What the shim must know beside the operations. `enter` are v1 cgroups for the shim itself; `patience_ms` is how
    long the birth may take where it waits for nobody."""

    flags: int = 0
    clone_flags: int = 0
    clone_into: str = ""
    exit_path: str = ""
    log_path: str = ""
    log: LogOptions = LogOptions()
    exec_id: str = ""
    enter: tuple[str, ...] = ()
    patience_ms: int = round(PATIENCE_SECONDS * 1000)


class Order(msgspec.Struct, frozen=True):
    """What a child is to carry out: how many operations, their bytes, and what error a failure is."""

    operations: int
    data: bytes
    explain: Callable[[wire.Failed], EngineError]


def string(value: str) -> bytes:
    """Its length, its bytes, a NUL. Raises `ValueError` for one that holds a NUL."""
    data = value.encode("utf-8", "surrogateescape")
    if b"\0" in data:
        raise ValueError(f"a NUL byte in {value!r}")
    return b"%b%b\0" % (_LENGTH.pack(len(data)), data)


def encode(head: PlanHead, order: Order | None = None) -> bytes:
    """All of a plan; without `order` what is before the operations. Raises `ValueError` for a NUL in a string."""
    texts = b"".join(map(string, (head.clone_into, head.exit_path, head.log_path, head.exec_id, *head.enter)))
    operations, data = (order.operations, order.data) if order is not None else (0, b"")
    body = HEAD_SIZE + len(texts)
    trace = _aligned(body + len(data)) if head.flags & wire.PLAN_TRACE and operations else 0
    log = head.log
    numbers = (log.max_size, log.max_files, len(head.enter), operations, head.patience_ms, body, trace)
    return _HEAD.pack(wire.PLAN_MAGIC, head.flags, head.clone_flags, *numbers, *_NO_REPORT) + texts + data


def _aligned(size: int) -> int:
    return -(-size // _ALIGNMENT) * _ALIGNMENT


class PlanFile:
    """Owns the file (memfd_create(2)) and closes it. Raises `Invalid` for a string that holds a NUL."""

    def __init__(self, head: PlanHead, order: Order | None, operation: str) -> None:
        self._head = head
        self.patience = head.patience_ms / 1000
        self._operation = operation
        self._traced = (0, 0)
        self.fd = os.memfd_create("plan", os.MFD_CLOEXEC)
        try:
            self.put(order)
        except BaseException:
            self.close()
            raise

    def put(self, order: Order | None) -> None:
        """Write the whole plan; what was before the operations stays as it was."""
        try:
            data = encode(self._head, order)
        except ValueError as error:
            raise Invalid(self._operation, str(error)) from None
        written = 0
        while written < len(data):
            written += os.pwrite(self.fd, data[written:] if written else data, written)
        if self._head.flags & wire.PLAN_TRACE and order is not None:
            self._traced = (_aligned(len(data)), order.operations)
            os.ftruncate(self.fd, _aligned(len(data)) + order.operations * wire.TRACED.size)

    def traced(self, executed_ns: int) -> tuple[wire.Traced, ...]:
        """The operations that the child has begun, if it was asked to note them; an execution that succeeded ended at
        `executed_ns`."""
        at, count = self._traced
        found = wire.traced(os.pread(self.fd, count * wire.TRACED.size, at))
        return tuple(r if r.ended_ns else msgspec.structs.replace(r, ended_ns=executed_ns) for r in found if r.began_ns)

    def close(self) -> None:
        """Let go of it; the child has its own."""
        os.close(self.fd)

    def __enter__(self) -> PlanFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
