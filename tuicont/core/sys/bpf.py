"""bpf(2), as far as attaching a program to a cgroup needs it. Constants keep their uapi spelling; what the
program decides is the caller's business.
"""

from __future__ import annotations

import os
import struct

from tuicont.core.native._native import ffi, lib
from tuicont.core.sys.results import checked

BPF_PROG_LOAD = 5
BPF_PROG_ATTACH = 8
BPF_PROG_TYPE_CGROUP_DEVICE = 15
BPF_CGROUP_DEVICE = 6
BPF_F_ALLOW_MULTI = 2

_INSTRUCTION_BYTES = 8
_LICENSE = b"GPL"


def load_device_program(instructions: bytes) -> int:
    """BPF_PROG_LOAD of a cgroup device program: a descriptor of it (closed on exec). Raises `OSError`: EINVAL
    without CONFIG_CGROUP_BPF, EPERM without CAP_BPF or CAP_SYS_ADMIN."""
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
        b"tuicont_devices",
        0,  # prog_ifindex
        BPF_CGROUP_DEVICE,
    )
    return _bpf(BPF_PROG_LOAD, attributes, "bpf(BPF_PROG_LOAD)")


def attach_to_cgroup(program: int, directory: str, attach_type: int = BPF_CGROUP_DEVICE) -> None:
    """BPF_PROG_ATTACH to the cgroup `directory`, beside programs of others. It goes with the cgroup."""
    cgroup = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        attributes = struct.pack("=IIII", cgroup, program, attach_type, BPF_F_ALLOW_MULTI)
        _bpf(BPF_PROG_ATTACH, attributes, directory)
    finally:
        os.close(cgroup)


def _bpf(command: int, attributes: bytes, path: str) -> int:
    return checked(lib.tuicont_bpf(command, ffi.from_buffer(attributes), len(attributes)), path)
