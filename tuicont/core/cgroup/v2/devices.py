"""Device rules on v2, where no file takes them: a BPF program that the kernel asks at each open and mknod
(Documentation/admin-guide/cgroup-v2.rst, "Device controller").

Compiling is pure; the port puts the program on the group.
"""

from __future__ import annotations

import errno
import struct
from collections.abc import Iterator
from functools import lru_cache

import msgspec

from tuicont.core.cgroup.controller import Controller, Place
from tuicont.core.cgroup.devices import ACCESSES, ALL, DeviceList, Devices, device_list
from tuicont.core.cgroup.settings import Write
from tuicont.core.errors import EngineError, Unsupported, kernel_error
from tuicont.core.model.resources import Resources
from tuicont.core.sys.kernel import Kernel

_TYPES = {"b": 1, "c": 2}
_ACCESS = {"m": 1, "r": 2, "w": 4}

_LOAD_WORD, _COPY, _SET, _AND, _SHIFT_RIGHT, _UNLESS, _UNLESS_SAME, _IF, _EXIT = (
    0x61,  # BPF_LDX | BPF_MEM | BPF_W
    0xBF,  # BPF_ALU64 | BPF_MOV | BPF_X
    0xB7,  # BPF_ALU64 | BPF_MOV | BPF_K
    0x57,  # BPF_ALU64 | BPF_AND | BPF_K
    0x77,  # BPF_ALU64 | BPF_RSH | BPF_K
    0x55,  # BPF_JMP | BPF_JNE | BPF_K
    0x5D,  # BPF_JMP | BPF_JNE | BPF_X
    0x15,  # BPF_JMP | BPF_JEQ | BPF_K
    0x95,  # BPF_JMP | BPF_EXIT
)
_ANSWER, _CONTEXT, _ASKED, _TYPE, _MAJOR, _MINOR, _SHARED = range(7)
"""Registers."""


class DeviceProgram(msgspec.Struct, frozen=True):
    """The step that restricts a group's devices: one at once, and the last of them, so that nothing undoes it."""

    directory: str
    program: bytes
    anew: bool

    def do(self, kernel: Kernel) -> None:
        """Attach it."""
        kernel.attach_devices(self.directory, self.program, anew=self.anew)

    def back(self, kernel: Kernel) -> tuple[Write, ...]:
        """Nothing."""
        return ()

    def refusal(self, kernel: Kernel, group: str, error: OSError) -> EngineError:
        """A container that may open every disk is not started by default."""
        operation = f"restrict the devices of {group}"
        if error.errno not in (errno.EINVAL, errno.ENOSYS):
            return kernel_error(operation, f"attach a device program to {self.directory}", error)
        return Unsupported(
            operation,
            "this kernel cannot keep a cgroup v2 group from devices",
            values={"kernel option": "CONFIG_CGROUP_BPF"},
            hint="a privileged container does without",
        )


def _steps(place: Place, resources: Resources) -> Iterator[DeviceProgram]:
    if not resources.devices:
        return
    wanted = device_list(place.group, resources)
    if not (place.new and wanted == ALL):
        yield DeviceProgram(place.directory("devices"), compile_list(wanted), place.new)


@lru_cache(maxsize=64)
def compile_list(wanted: DeviceList) -> bytes:
    """The instructions (struct bpf_insn) that answer a request as the list says. They read struct
    bpf_cgroup_dev_ctx: access in the upper half of the first word, type in the lower, then the numbers."""
    program = [
        _instruction(_LOAD_WORD, _ASKED, _CONTEXT, 0),
        _instruction(_COPY, _TYPE, _ASKED),
        _instruction(_AND, _TYPE, value=0xFFFF),
        _instruction(_SHIFT_RIGHT, _ASKED, value=16),
        _instruction(_LOAD_WORD, _MAJOR, _CONTEXT, 4),
        _instruction(_LOAD_WORD, _MINOR, _CONTEXT, 8),
    ]
    for devices in wanted.exceptions:
        program += _exception(devices, allows=not wanted.allows)
    program += [_instruction(_SET, _ANSWER, value=int(wanted.allows)), _instruction(_EXIT)]
    return b"".join(program)


def _exception(devices: Devices, *, allows: bool) -> list[bytes]:
    """The conditions of an exception, each of which jumps past it unless it holds, and then its answer. One that
    allows must grant all that is asked for, one that refuses any of it."""
    shared: list[bytes] = []
    conditions = [(_UNLESS, _TYPE, 0, _TYPES[devices.kind])]
    if devices.major >= 0:
        conditions.append((_UNLESS, _MAJOR, 0, devices.major))
    if devices.minor >= 0:
        conditions.append((_UNLESS, _MINOR, 0, devices.minor))
    if not allows or devices.access != ACCESSES:
        access = sum(_ACCESS[letter] for letter in devices.access)
        shared = [_instruction(_COPY, _SHARED, _ASKED), _instruction(_AND, _SHARED, value=access)]
        conditions.append((_UNLESS_SAME, _SHARED, _ASKED, 0) if allows else (_IF, _SHARED, 0, 0))
    answer = [_instruction(_SET, _ANSWER, value=int(allows)), _instruction(_EXIT)]
    jumps = [
        _instruction(code, register, other, len(conditions) - position - 1 + len(answer), value)
        for position, (code, register, other, value) in enumerate(conditions)
    ]
    return shared + jumps + answer


def _instruction(code: int, target: int = 0, source: int = 0, offset: int = 0, value: int = 0) -> bytes:
    return struct.pack("<BBhi", code, target | source << 4, offset, value)


CONTROLLER = Controller("devices", steps=_steps, meanings={})
