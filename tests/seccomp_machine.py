"""A reader of seccomp programs, for tests: what a filter answers to one system call.

Runs classic BPF as seccomp(2) does, over struct seccomp_data. Also libseccomp's own compiler, as the
reference to compare ours with.
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Sequence
from functools import lru_cache

X86_64, X86 = 0xC000003E, 0x40000003
ALLOW, ERRNO, KILL = 0x7FFF0000, 0x00050000, 0x00000000
MASK = (1 << 32) - 1


def answer(program: bytes, architecture: int, number: int, arguments: Sequence[int] = ()) -> int:
    """The SECCOMP_RET_* value for one call."""
    values = [*arguments, 0, 0, 0, 0, 0, 0][:6]
    data = struct.pack("=IIQ6Q", number & MASK, architecture, 0, *values)
    code = _instructions(program)
    at = accumulator = 0
    while True:
        operation, true, false, value = code[at]
        at += 1
        match operation:
            case 0x20:
                (accumulator,) = struct.unpack_from("=I", data, value)
            case 0x54:
                accumulator &= value
            case 0x06:
                return value
            case 0x05:
                at += value
            case 0x15:
                at += true if accumulator == value else false
            case 0x25:
                at += true if accumulator > value else false
            case 0x35:
                at += true if accumulator >= value else false
            case _:
                raise AssertionError(f"instruction {operation:#x}")


@lru_cache(4)
def _instructions(program: bytes) -> list[tuple[int, ...]]:
    """A filter is asked many times."""
    return list(struct.iter_unpack("=HBBI", program))


class _Comparison(ctypes.Structure):
    _fields_ = (("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64))


def reference(
    default: int, architectures: Sequence[int], rules: Sequence[tuple[int, str, Sequence[tuple[int, int, int, int]]]]
) -> bytes:
    """The program that libseccomp makes of (action, name, comparisons); names that it lacks are left out."""
    library = ctypes.CDLL("libseccomp.so.2")
    library.seccomp_init.restype = ctypes.c_void_p
    library.seccomp_init.argtypes = (ctypes.c_uint32,)
    library.seccomp_arch_add.argtypes = (ctypes.c_void_p, ctypes.c_uint32)
    library.seccomp_rule_add_array.argtypes = (
        ctypes.c_void_p,
        ctypes.c_uint32,
        ctypes.c_int,
        ctypes.c_uint,
        ctypes.POINTER(_Comparison),
    )
    library.seccomp_export_bpf.argtypes = (ctypes.c_void_p, ctypes.c_int)
    library.seccomp_release.argtypes = (ctypes.c_void_p,)
    context = library.seccomp_init(default)
    for token in architectures:
        library.seccomp_arch_add(context, token)
    for action, name, comparisons in rules:
        number = library.seccomp_syscall_resolve_name(name.encode())
        if number != -1:
            array = (_Comparison * len(comparisons))(*(_Comparison(*item) for item in comparisons))
            result = library.seccomp_rule_add_array(context, action, number, len(comparisons), array)
            assert result == 0, (name, result)
    fd = os.memfd_create("reference")
    try:
        assert library.seccomp_export_bpf(context, fd) == 0
        return os.pread(fd, os.fstat(fd).st_size, 0)
    finally:
        os.close(fd)
        library.seccomp_release(context)
