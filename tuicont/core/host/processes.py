"""Processes by their host pids, read from procfs(5).

Knows nothing of containers: it is given pids and says what the kernel says of each. A process that ends
meanwhile is left out. Users are uid numbers: a name would be the host's, and wrong inside a container.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable

from tuicont.core.model.container import Process
from tuicont.core.sys.pidfd import PidFd

_TICK_NS = 1_000_000_000 // os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_COMMAND_LIMIT = 4096


def processes(pids: Iterable[int]) -> tuple[Process, ...]:
    """Those of `pids` that exist now, in order of pid. `state` is the kernel's letter (R, S, D, Z, T, …)."""
    boot = time.time_ns() - time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    found = (_process(pid, boot) for pid in sorted(set(pids)))
    return tuple(process for process in found if process is not None)


def parse_stat(line: bytes) -> tuple[str, list[bytes]]:
    """/proc/PID/stat as (comm, fields from the third on): comm may hold spaces and brackets itself."""
    opening, closing = line.index(b"("), line.rindex(b")")
    return line[opening + 1 : closing].decode(errors="replace"), line[closing + 2 :].split()


def parse_status(text: bytes) -> tuple[int, int]:
    """/proc/PID/status as (real uid, pid in the innermost pid namespace, 0 when the kernel does not tell)."""
    uid = inner = 0
    # The name, which the process chose, may hold every control character but the newline, which the kernel escapes.
    for line in text.split(b"\n"):
        if line.startswith(b"Uid:"):
            uid = int(line.split()[1])
        elif line.startswith(b"NSpid:"):
            inner = int(line.split()[-1])
    return uid, inner


def parse_command(data: bytes, comm: str) -> str:
    """/proc/PID/cmdline as one line; `[comm]` for those without one (zombies, kernel threads)."""
    words = data.rstrip(b"\0")
    return words.replace(b"\0", b" ").decode(errors="replace") if words else f"[{comm}]"


def _process(pid: int, boot_ns: int) -> Process | None:
    try:
        comm, stat = parse_stat(_read(f"/proc/{pid}/stat"))
        uid, inner = parse_status(_read(f"/proc/{pid}/status"))
        command = parse_command(_read(f"/proc/{pid}/cmdline"), comm)
    except (FileNotFoundError, ProcessLookupError):
        return None
    return Process(
        pid=pid,
        inner_pid=inner or pid,
        parent_pid=int(stat[1]),
        user=str(uid),
        state=stat[0].decode(),
        threads=int(stat[17]),
        rss=int(stat[21]) * _PAGE,
        cpu_ns=(int(stat[11]) + int(stat[12])) * _TICK_NS,
        started_ns=boot_ns + int(stat[19]) * _TICK_NS,
        command=command,
    )


def _read(path: str) -> bytes:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(fd, _COMMAND_LIMIT)
    finally:
        os.close(fd)


def stat_of(pid: int) -> tuple[str, list[bytes]] | None:
    """/proc/PID/stat of a process as `parse_stat` has it; None when there is no such process."""
    try:
        return parse_stat(_read(f"/proc/{pid}/stat"))
    except (FileNotFoundError, ProcessLookupError):
        return None


def start_time(pid: int) -> int:
    """Clock ticks from boot to the start of process `pid` (field 22 of proc_pid_stat(5)); 0 when there is none."""
    stat = stat_of(pid)
    return int(stat[1][19]) if stat is not None else 0


def hangs_in(pid: int) -> str:
    """The function of the kernel in which a process waits uninterruptibly (proc_pid_wchan(5)); "" when it does not."""
    stat = stat_of(pid)
    if stat is None or stat[1][0] != b"D":
        return ""
    try:
        return _read(f"/proc/{pid}/wchan").decode().strip("0") or "it does not say where"
    except OSError:
        return ""


def held(pid: int, started: int) -> PidFd | None:
    """The process that is `pid` since then, by a descriptor; None when it is gone."""
    try:
        process = PidFd(os.pidfd_open(pid))
    except OSError:
        return None
    return process if same_process(pid, started) else None


def ended_within(pid: int, started: int, seconds: float | None) -> bool:
    """Whether the process that is `pid` since then has ended, or does so in time (None: some time)."""
    return (process := held(pid, started)) is None or process.wait(seconds)


def same_process(pid: int, started: int) -> bool:
    """Whether `pid` is still the process that started then: pids are used again, the pair is not."""
    return pid > 0 and start_time(pid) == started
