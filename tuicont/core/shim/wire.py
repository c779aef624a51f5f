"""The packets between the engine and the shim, as `core/native/shim/proto.h` has them.

Pure: bytes to values and back.
"""

from __future__ import annotations

import struct
from enum import IntEnum

import msgspec

from tuicont.core.model.container import ExitStatus

INPUT_MAX = 32 * 1024
WITH_STDIN = 1
PLAN_MAGIC = 0x32504354
PLAN_TRACE = 1
PLAN_STEP = 2
PLAN_STDIN = 4
PLAN_REAPER = 8
PLAN_TERMINAL = 16
PLAN_HOLD = 32
PLAN_LATER = 64
PLAN_BORN = 128
PLAN_ADOPT = 256


def adopted(exec_id: str = "") -> str:
    """What the files of an OCI runtime's work in the run directory are called, before `.pid` and `.tty`."""
    return f"exec-{exec_id}" if exec_id else "init"


class Request(IntEnum):
    """What a client asks for."""

    ATTACH = 1
    EXEC = 2
    INPUT = 3
    INPUT_END = 4
    RESIZE = 5
    START = 6
    RELEASE = 7
    STATE = 8
    GO = 9


class Reply(IntEnum):
    """What the shim tells."""

    STARTED = 32
    FAILED = 33
    BORN = 34
    OUTPUT = 35
    EXITED = 36
    STEPPED = 37
    CREATED = 38


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
    STATE = 9
    DEADLINE = 10
    RUNTIME = 11
    ADOPTION = 12
    SESSIONS = 13


class State(IntEnum):
    """How far a process is."""

    BEING_BORN = 0
    WAITING = 1
    RUNNING = 2
    ENDED = 3


class Process(msgspec.Struct, frozen=True):
    """A process: its host pid, its start time in clock ticks, its state, and when that was so (CLOCK_MONOTONIC, ns)."""

    pid: int
    start_time: int
    state: State
    time_ns: int


class Failed(msgspec.Struct, frozen=True):
    """A process that was not made. `index` is that of the operation among all `operations` of the plan, or -1; `code`
    its code, or the exit code of an OCI runtime, or how many sessions are open where no more are taken."""

    stage: int
    index: int = -1
    code: int = 0
    errno: int = 0
    signal: int = 0
    operations: int = 0


class Traced(msgspec.Struct, frozen=True):
    """One operation as it was carried out: `errno` 0 when it succeeded; `ended_ns` 0 for an execution that did. The
    times are CLOCK_MONOTONIC."""

    index: int
    errno: int
    began_ns: int
    ended_ns: int


class Running(msgspec.Struct, frozen=True):
    """An exec that runs, as the shim lists it."""

    exec_id: str
    pid: int
    start_time: int


HEAD = struct.Struct("=II")
_RESIZE = struct.Struct("=IIII")
_PROCESS = struct.Struct("=IIiiQQ")
_FAILED = struct.Struct("=IIiiiiI4x")
_EXITED = struct.Struct("=IIiiQ")
_STEPPED = struct.Struct("=IIii")
TRACED = struct.Struct("=IiQQ")
SIZES = {
    "packet_head": HEAD.size,
    "packet_resize": _RESIZE.size,
    "packet_process": _PROCESS.size,
    "packet_failed": _FAILED.size,
    "packet_exited": _EXITED.size,
    "packet_stepped": _STEPPED.size,
    "trace_record": TRACED.size,
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


def process(packet: bytes) -> Process:
    """What BORN, CREATED and STARTED tell of a process."""
    _, state, pid, _, start_time, time_ns = _PROCESS.unpack_from(packet)
    return Process(pid, start_time, State(state), time_ns)


def running(packet: bytes) -> tuple[Running, ...]:
    """The execs that are listed behind the answer to `Request.STATE`."""
    lines = packet[_PROCESS.size :].decode("ascii", "replace").splitlines()
    return tuple(Running(name, int(pid), int(start)) for name, pid, start in (line.split(" ") for line in lines))


def failed(packet: bytes) -> Failed:
    return Failed(*_FAILED.unpack(packet)[1:])


def exited(packet: bytes) -> ExitStatus:
    _, _, code, signal, time_ns = _EXITED.unpack(packet)
    return ExitStatus(code=code, signal=signal, time_ns=time_ns)


def stepped(packet: bytes) -> int:
    """The index of the operation that comes next."""
    return int(_STEPPED.unpack(packet)[2])


def traced(data: bytes) -> tuple[Traced, ...]:
    """All records of a trace, those too that were never written."""
    return tuple(Traced(*record) for record in TRACED.iter_unpack(data))


def output(packet: bytes) -> tuple[int, bytes]:
    """The stream (1 or 2) and the bytes."""
    return HEAD.unpack_from(packet)[1], packet[HEAD.size :]
