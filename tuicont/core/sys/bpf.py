"""bpf(2), as far as device programs of cgroups need it. Constants keep their uapi spelling; what a program decides is
the caller's business.
"""

from __future__ import annotations

import os
import struct
import threading

from tuicont.core.native._native import ffi, lib
from tuicont.core.sys.results import checked

BPF_PROG_LOAD = 5
BPF_PROG_ATTACH = 8
BPF_PROG_GET_FD_BY_ID = 13
BPF_OBJ_GET_INFO_BY_FD = 15
BPF_PROG_QUERY = 16
BPF_PROG_TYPE_CGROUP_DEVICE = 15
BPF_CGROUP_DEVICE = 6
BPF_F_ALLOW_MULTI = 2
BPF_F_REPLACE = 4

_NAME = b"tuicont_devices"
_LICENSE = b"GPL"
_INSTRUCTION_BYTES = 8
_MOST_PROGRAMS = 64  # on one cgroup (BPF_CGROUP_MAX_PROGS)
_KEPT = 32
_INFO = struct.Struct("=64x16s")  # struct bpf_prog_info up to its name

_loaded: dict[bytes, int] = {}
_lock = threading.Lock()


def attach_to_cgroup(instructions: bytes, directory: str, *, anew: bool) -> None:
    """Attach a device program to the cgroup `directory`, beside programs of others and in the place of the one that
    this function put there before; `anew` says that there is none. It goes with the cgroup. The programs used last
    stay loaded, as loading takes ten times as long. Raises `OSError`: EINVAL without CONFIG_CGROUP_BPF, EPERM without
    CAP_BPF or CAP_SYS_ADMIN."""
    cgroup = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    replaced = -1
    try:
        with _lock:
            program = _program(instructions)
            if not anew:
                replaced = _own_program(cgroup, directory)
            flags = BPF_F_ALLOW_MULTI if replaced < 0 else BPF_F_ALLOW_MULTI | BPF_F_REPLACE
            attributes = struct.pack("=IIIII", cgroup, program, BPF_CGROUP_DEVICE, flags, max(replaced, 0))
            _bpf(BPF_PROG_ATTACH, bytearray(attributes), directory)
    finally:
        if replaced >= 0:
            os.close(replaced)
        os.close(cgroup)


def _program(instructions: bytes) -> int:
    """A descriptor of the program; it stays open until others have taken its place."""
    program = _loaded.get(instructions)
    if program is None:
        program = _loaded[instructions] = _load(instructions)
        if len(_loaded) > _KEPT:
            os.close(_loaded.pop(next(iter(_loaded))))
    return program


def _load(instructions: bytes) -> int:
    code = ffi.from_buffer(instructions)
    license_text = ffi.new("char[]", _LICENSE)
    attributes = struct.pack(
        "=IIQQIIQII16sII",
        BPF_PROG_TYPE_CGROUP_DEVICE,
        len(instructions) // _INSTRUCTION_BYTES,
        int(ffi.cast("uintptr_t", code)),
        int(ffi.cast("uintptr_t", license_text)),
        0,  # log_level, log_size, log_buf
        0,
        0,
        0,  # kern_version
        0,  # prog_flags
        _NAME,
        0,  # prog_ifindex
        BPF_CGROUP_DEVICE,
    )
    return _bpf(BPF_PROG_LOAD, bytearray(attributes), "bpf(BPF_PROG_LOAD)")


def _own_program(cgroup: int, directory: str) -> int:
    """A descriptor of the program of ours that is attached to the cgroup; -1 when there is none."""
    ids = ffi.new("uint32_t[]", _MOST_PROGRAMS)
    attributes = bytearray(
        struct.pack("=IIIIQI4x", cgroup, BPF_CGROUP_DEVICE, 0, 0, int(ffi.cast("uintptr_t", ids)), _MOST_PROGRAMS)
    )
    _bpf(BPF_PROG_QUERY, attributes, directory)
    (count,) = struct.unpack_from("=I", attributes, 24)
    for number in ids[0:count]:
        program = _bpf(BPF_PROG_GET_FD_BY_ID, bytearray(struct.pack("=III", number, 0, 0)), directory)
        try:
            own = _name(program) == _NAME
        except OSError:
            own = False
        if own:
            return program
        os.close(program)
    return -1


def _name(program: int) -> bytes:
    info = ffi.new("char[]", _INFO.size)
    attributes = struct.pack("=IIQ", program, _INFO.size, int(ffi.cast("uintptr_t", info)))
    _bpf(BPF_OBJ_GET_INFO_BY_FD, bytearray(attributes), "bpf(BPF_OBJ_GET_INFO_BY_FD)")
    name: bytes = _INFO.unpack(bytes(ffi.buffer(info)))[0]
    return name.rstrip(b"\0")


def _bpf(command: int, attributes: bytearray, path: str) -> int:
    return checked(lib.tuicont_bpf(command, ffi.from_buffer(attributes), len(attributes)), path)
