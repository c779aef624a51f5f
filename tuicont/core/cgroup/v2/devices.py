"""Device rules on v2, where no file takes them: a BPF program that the kernel asks at each open and mknod
(Documentation/admin-guide/cgroup-v2.rst, "Device controller").

Compiling is pure; the port puts the program on the group.
"""

from __future__ import annotations

import errno
import struct
from functools import lru_cache

from tuicont.core.cgroup.base import ALL_DEVICES, DeviceRule
from tuicont.core.errors import Unsupported
from tuicont.core.sys.kernel import Kernel

_TYPES = {"b": 1, "c": 2}
_ACCESS = {"m": 1, "r": 2, "w": 4}
_EVERY_ACCESS = 7

_LOAD_WORD, _COPY, _SET, _AND, _SHIFT_RIGHT, _UNLESS, _UNLESS_SAME, _EXIT = (
    0x61,  # BPF_LDX | BPF_MEM | BPF_W
    0xBF,  # BPF_ALU64 | BPF_MOV | BPF_X
    0xB7,  # BPF_ALU64 | BPF_MOV | BPF_K
    0x57,  # BPF_ALU64 | BPF_AND | BPF_K
    0x77,  # BPF_ALU64 | BPF_RSH | BPF_K
    0x55,  # BPF_JMP | BPF_JNE | BPF_K
    0x5D,  # BPF_JMP | BPF_JNE | BPF_X
    0x95,  # BPF_JMP | BPF_EXIT
)
_ANSWER, _CONTEXT, _ASKED, _TYPE, _MAJOR, _MINOR, _ALLOWED = range(7)
"""Registers."""


@lru_cache(maxsize=64)
def compile_rules(rules: tuple[DeviceRule, ...]) -> bytes:
    """The instructions (struct bpf_insn) that allow what one of the rules allows, and nothing else. They read
    struct bpf_cgroup_dev_ctx: access in the upper half of the first word, type in the lower, then the numbers."""
    program = [
        _instruction(_LOAD_WORD, _ASKED, _CONTEXT, 0),
        _instruction(_COPY, _TYPE, _ASKED),
        _instruction(_AND, _TYPE, value=0xFFFF),
        _instruction(_SHIFT_RIGHT, _ASKED, value=16),
        _instruction(_LOAD_WORD, _MAJOR, _CONTEXT, 4),
        _instruction(_LOAD_WORD, _MINOR, _CONTEXT, 8),
    ]
    for rule in rules:
        program += _rule(rule)
    program += [_instruction(_SET, _ANSWER, value=0), _instruction(_EXIT)]
    return b"".join(program)


def restrict(kernel: Kernel, operation: str, directory: str, rules: tuple[DeviceRule, ...]) -> None:
    """Refuse a new group every device but those of the rules. Raises `OSError`, or `Unsupported` by a kernel that has
    no such programs: a container that may open every disk is not started by default."""
    if rules == ALL_DEVICES:
        return
    try:
        kernel.attach_devices(directory, compile_rules(rules), anew=True)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOSYS):
            raise
        raise Unsupported(
            operation,
            "this kernel cannot keep a cgroup v2 group from devices",
            values={"kernel option": "CONFIG_CGROUP_BPF"},
            hint="a privileged container does without",
        ) from error


def _rule(rule: DeviceRule) -> list[bytes]:
    """The rule's conditions, each of which jumps past the rule unless it holds, and then "allowed"."""
    conditions: list[tuple[int, int, int, int]] = []
    before: list[bytes] = []
    access = sum(_ACCESS[letter] for letter in set(rule.access))
    if access != _EVERY_ACCESS:
        before = [_instruction(_COPY, _ALLOWED, _ASKED), _instruction(_AND, _ALLOWED, value=access)]
        conditions.append((_UNLESS_SAME, _ALLOWED, _ASKED, 0))
    if rule.kind != "a":
        conditions.append((_UNLESS, _TYPE, 0, _TYPES[rule.kind]))
    if rule.major >= 0:
        conditions.append((_UNLESS, _MAJOR, 0, rule.major))
    if rule.minor >= 0:
        conditions.append((_UNLESS, _MINOR, 0, rule.minor))
    allowed = [_instruction(_SET, _ANSWER, value=1), _instruction(_EXIT)]
    jumps = [
        _instruction(code, register, other, len(conditions) - position - 1 + len(allowed), value)
        for position, (code, register, other, value) in enumerate(conditions)
    ]
    return before + jumps + allowed


def _instruction(code: int, target: int = 0, source: int = 0, offset: int = 0, value: int = 0) -> bytes:
    return struct.pack("<BBhi", code, target | source << 4, offset, value)
