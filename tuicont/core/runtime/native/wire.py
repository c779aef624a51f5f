"""The packets between the engine and the shim, as `core/native/shim/proto.h` has them.

Pure: bytes to values and back.
"""

from __future__ import annotations

import struct
from enum import IntEnum

import msgspec

from tuicont.core.model.container import ExitStatus

SOCKET_NAME = "shim.sock"
INPUT_MAX = 32 * 1024
WITH_STDIN = 1
PLAN_MAGIC = 0x31504354
LATER_OFFSET = 65536
PLAN_TRACE, PLAN_STEP, PLAN_STDIN, PLAN_REAPER, PLAN_TERMINAL, PLAN_HOLD, PLAN_LATER = 1, 2, 4, 8, 16, 32, 64


class Request(IntEnum):
    """What a client asks for."""

    ATTACH = 1
    EXEC = 2
    INPUT = 3
    INPUT_END = 4
    RESIZE = 5
    WAIT = 6
    RELEASE = 7
    STATE = 8
    STEP = 9


class Reply(IntEnum):
    """What the shim tells."""

    STARTED = 32
    FAILED = 33
    TRACE = 34
    OUTPUT = 35
    EXITED = 36
    STEPPED = 37


class Stage(IntEnum):
    """Where a start failed."""

    PLAN = 1
    SHIM_CGROUP = 2
    SOCKET = 3
    LOG = 4
    PIPES = 5
    CLONE = 6
    OPERATION = 7
    SILENT_DEATH = 8


class Started(msgspec.Struct, frozen=True):
    """A process: its host pid, its start time in clock ticks, and how long its birth took."""

    pid: int
    start_time: int
    nanoseconds: int


class Failed(msgspec.Struct, frozen=True):
    """A process that was not made. `index` is that of the operation in the plan, or -1."""

    stage: int
    index: int
    code: int
    errno: int
    signal: int


class Traced(msgspec.Struct, frozen=True):
    """One operation as it was carried out: `errno` 0 when it succeeded."""

    index: int
    errno: int
    nanoseconds: int


class Stepped(msgspec.Struct, frozen=True):
    """Operation `index` is next and waits for `Request.STEP`; the one before it took `nanoseconds`."""

    index: int
    code: int
    nanoseconds: int


class Running(msgspec.Struct, frozen=True):
    """An exec that runs, as the shim lists it."""

    exec_id: str
    pid: int
    start_time: int


HEAD = struct.Struct("=II")
_RESIZE = struct.Struct("=IIII")
_STARTED = struct.Struct("=IIiiQQ")
_FAILED = struct.Struct("=IIiiii")
_EXITED = struct.Struct("=IIiiQ")
_STEPPED = struct.Struct("=IIiiQ")
_TRACED = struct.Struct("=IiQ")
SIZES = {
    "packet_head": HEAD.size,
    "packet_resize": _RESIZE.size,
    "packet_started": _STARTED.size,
    "packet_failed": _FAILED.size,
    "packet_exited": _EXITED.size,
    "packet_stepped": _STEPPED.size,
    "trace_record": _TRACED.size,
}
"""Bytes of each structure of proto.h."""


def request(kind: Request, flags: int = 0) -> bytes:
    """A request without more to it."""
    return HEAD.pack(kind, flags)


def resize(rows: int, cols: int) -> bytes:
    return _RESIZE.pack(Request.RESIZE, 0, rows & 0xFFFF, cols & 0xFFFF)


def reply_kind(packet: bytes) -> int:
    """The type of a packet; 0 for one that is no packet."""
    return int(HEAD.unpack_from(packet)[0]) if len(packet) >= HEAD.size else 0


def started(packet: bytes) -> Started:
    _, _, pid, _, start_time, nanoseconds = _STARTED.unpack_from(packet)
    return Started(pid, start_time, nanoseconds)


def running(packet: bytes) -> tuple[Running, ...]:
    """The execs that are listed behind the answer to `Request.STATE`."""
    lines = packet[_STARTED.size :].decode("ascii", "replace").splitlines()
    return tuple(Running(name, int(pid), int(start)) for name, pid, start in (line.split(" ") for line in lines))


def failed(packet: bytes) -> Failed:
    _, stage, index, code, errno, signal = _FAILED.unpack(packet)
    return Failed(stage, index, code, errno, signal)


def exited(packet: bytes) -> ExitStatus:
    _, _, code, signal, time_ns = _EXITED.unpack(packet)
    return ExitStatus(code=code, signal=signal, time_ns=time_ns)


def stepped(packet: bytes) -> Stepped:
    _, _, index, code, nanoseconds = _STEPPED.unpack(packet)
    return Stepped(index, code, nanoseconds)


def traced(packet: bytes) -> tuple[Traced, ...]:
    _, count = HEAD.unpack_from(packet)
    return tuple(Traced(*_TRACED.unpack_from(packet, HEAD.size + i * _TRACED.size)) for i in range(count))


def output(packet: bytes) -> tuple[int, bytes]:
    """The stream (1 or 2) and the bytes."""
    return HEAD.unpack_from(packet)[1], packet[HEAD.size :]
