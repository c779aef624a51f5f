"""A shell with every setting that children inherit turned away from its default, and what of them a process has."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import struct
from pathlib import Path
from typing import Any

from tests.kernel.host import status
from tuicont.core.security import capabilities, rlimits

_libc = ctypes.CDLL(None, use_errno=True)
# ioprio_set, ioprio_get, set_mempolicy, add_key, keyctl (asm/unistd.h)
_NUMBERS = {"x86_64": (251, 252, 238, 248, 250), "aarch64": (30, 31, 237, 217, 219)}
_IOPRIO_SET, _IOPRIO_GET, _SET_MEMPOLICY, _ADD_KEY, _KEYCTL = _NUMBERS[os.uname().machine]
_IDLE = 3 << 13
_BIND = 2
_JOIN_SESSION_KEYRING, _SETPERM, _SESSION = 1, 5, -3
_SECUREBITS, _TIMER_SLACK, _THP_DISABLE, _AMBIENT, _MEMORY_MERGE = 28, 29, 41, 47, 67
_NO_ROOT, _AMBIENT_RAISE = 1, 2
_NO_RANDOMIZE = 0x0040000
_LOW = {
    "cpu": 3000,
    "fsize": 1 << 40,
    "data": 1 << 36,
    "stack": 4 << 20,
    "core": 4096,
    "rss": 1 << 36,
    "nproc": 3000,
    "nofile": 256,
    "memlock": 65_536,
    "as": 1 << 44,
    "locks": 1000,
    "sigpending": 100,
    "msgqueue": 1000,
    "rttime": 1_000_000,
}
_FIELDS = (
    *("Uid", "Gid", "Groups", "SigBlk", "SigIgn", "SigCgt", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"),
    *("NoNewPrivs", "Seccomp", "Speculation_Store_Bypass", "Cpus_allowed", "Mems_allowed", "THP_enabled", "Umask"),
)
SECRET = "the-caller-s-own"
"""The name of a key that only who has the shell's session keyring sees."""


def may_raise() -> bool:
    """Whether a hard limit that was lowered can be raised again."""
    return bool(int(status(os.getpid(), "CapBnd"), 16) & capabilities.mask(["CAP_SYS_RESOURCE"]))


def spoil() -> None:
    """Turn everything away, for what is executed next."""
    for name, soft in _LOW.items():
        hard = soft if may_raise() else resource.getrlimit(rlimits.NUMBERS[name])[1]
        resource.setrlimit(rlimits.NUMBERS[name], (soft, hard))
    os.nice(7)
    os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    Path("/proc/self/oom_score_adj").write_text("300")
    os.umask(0o777)
    os.setgroups([4, 5, 6])
    for number in (signal.SIGHUP, signal.SIGPIPE, signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1, signal.SIGCHLD})
    _call(_IOPRIO_SET, 1, 0, _IDLE)
    _call(_SET_MEMPOLICY, _BIND, ctypes.byref(ctypes.c_ulong(1)), 64)
    _call(_KEYCTL, _JOIN_SESSION_KEYRING, b"spoiled")
    key = _call(_ADD_KEY, b"user", SECRET.encode(), b"x", 1, _SESSION)
    _call(_KEYCTL, _SETPERM, key, 0x3F000000)
    _libc.personality(_NO_RANDOMIZE)
    for option, value in ((_TIMER_SLACK, 777_777), (_THP_DISABLE, 1), (_MEMORY_MERGE, 1)):
        _libc.prctl(option, value, 0, 0, 0)
    _hold_capabilities_without_being_root()


def _hold_capabilities_without_being_root() -> None:
    permitted = int(status(os.getpid(), "CapPrm"), 16)
    sets = (permitted & 0xFFFFFFFF,) * 3 + (permitted >> 32,) * 3
    _libc.capset(struct.pack("=Ii", 0x20080522, 0), struct.pack("=6I", *sets))
    for capability in range(permitted.bit_length()):
        _libc.prctl(_AMBIENT, _AMBIENT_RAISE, capability, 0, 0)
    _libc.prctl(_SECUREBITS, _NO_ROOT, 0, 0, 0)


def _call(number: int, *arguments: object) -> int:
    result = int(_libc.syscall(number, *arguments))
    assert result >= 0, (number, os.strerror(ctypes.get_errno()))
    return result


def portrait(pid: int) -> dict[str, Any]:
    """What a process has of all that, by the kernel's word."""
    proc = Path(f"/proc/{pid}")
    found: dict[str, Any] = {field: status(pid, field) for field in _FIELDS}
    found |= {name: (proc / name).read_text().strip() for name in ("oom_score_adj", "timerslack_ns", "personality")}
    for line in (proc / "limits").read_text().splitlines()[1:]:
        found[line[:25].strip()] = line[25:].split()[:2]
    return found | {
        "scheduler": os.sched_getscheduler(pid),
        "nice": os.getpriority(os.PRIO_PROCESS, pid),
        "ioprio": _call(_IOPRIO_GET, 1, pid),
        "memory policy": {line.split()[1] for line in (proc / "numa_maps").read_text().splitlines()},
        "merged": (proc / "ksm_stat").read_text().count("ksm_merge_any: yes") if (proc / "ksm_stat").exists() else 0,
        "environment": sorted(e for e in (proc / "environ").read_text().split("\0") if not e.startswith("HOSTNAME=")),
    }
