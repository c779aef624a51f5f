"""The default filter in force: what the kernel answers to a process that runs under it."""

from __future__ import annotations

import errno
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tuicont.core.host.facts import host_facts
from tuicont.core.security import capabilities
from tuicont.core.security.filters import compile_filter
from tuicont.core.security.seccomp import parse_profile, resolve
from tuicont.core.sys import libseccomp
from tuicont.resources import read_text

pytestmark = pytest.mark.kernel

# Installs the filter in its first argument, then makes the calls in its second and prints each errno.
PROGRAM = """
import ctypes, json, sys
libc = ctypes.CDLL(None, use_errno=True)
code = open(sys.argv[1], "rb").read()
class Filter(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_char_p))
program = Filter(len(code) // 8, code)
assert libc.prctl(38, 1, 0, 0, 0) == 0
assert libc.prctl(22, 2, ctypes.byref(program), 0, 0) == 0, ctypes.get_errno()
answers = []
for number, *arguments in json.loads(sys.argv[2]):
    ctypes.set_errno(0)
    result = libc.syscall(number, *(ctypes.c_long(value) for value in [*arguments, 0, 0, 0, 0, 0, 0][:6]))
    answers.append(0 if result >= 0 else ctypes.get_errno())
print(json.dumps(answers))
"""


def answers(directory: Path, bits: int, *calls: tuple[str, int]) -> list[int]:
    """The errno of each (name, first argument)."""
    path = directory / "filter.bpf"
    path.write_bytes(compile_filter(resolve(parse_profile(read_text("seccomp/default.json")), bits, host_facts())))
    native = libseccomp.native_architecture()
    numbers = [(libseccomp.syscall_number(name, native), first) for name, first in calls]
    command = [sys.executable, "-I", "-S", "-c", PROGRAM, str(path), json.dumps(numbers)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: list[int] = json.loads(done.stdout)
    return found


def test_a_container_by_default_cannot_leave_its_place(tmp_path: Path) -> None:
    refused = [
        ("unshare", 0x00020000),
        ("mount", 0),
        ("umount2", 0),
        ("setns", 0),
        ("bpf", 0),
        ("keyctl", 0),
        ("add_key", 0),
        ("init_module", 0),
        ("kexec_load", 0),
        ("open_by_handle_at", 0),
        ("perf_event_open", 0),
        ("userfaultfd", 0),
        ("io_uring_setup", 1),
        ("pivot_root", 0),
        ("swapon", 0),
        ("clone", 0x10000000 | 17),
        ("socket", 38),
        ("socket", 40),
        ("personality", 0x0040000),
    ]
    found = answers(tmp_path, capabilities.DEFAULT, *refused)
    assert dict(zip(refused, found, strict=True)) == dict.fromkeys(refused, errno.EPERM)


def test_ordinary_calls_go_on(tmp_path: Path) -> None:
    allowed = [("getpid", 0), ("personality", 0xFFFFFFFF), ("personality", 0), ("umask", 0o22), ("getuid", 0)]
    assert answers(tmp_path, capabilities.DEFAULT, *allowed) == [0] * len(allowed)


def test_clone3_and_calls_of_the_future_are_not_there(tmp_path: Path) -> None:
    assert answers(tmp_path, capabilities.DEFAULT, ("clone3", 0)) == [errno.ENOSYS]


def test_capabilities_open_their_calls(tmp_path: Path) -> None:
    bits = capabilities.DEFAULT | capabilities.CAP_SYS_ADMIN
    assert answers(tmp_path, bits, ("unshare", 0x04000000), ("setns", -1)) == [0, errno.EBADF]
