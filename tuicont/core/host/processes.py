"""Processes by their host pids, read from procfs(5).

Knows nothing of containers: it is given pids and says what the kernel says of each. A process that ends
meanwhile is left out. Users are uid numbers: a name would be the host's, and wrong inside a container.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterable, Sequence

from tuicont.core.model.container import Process
from tuicont.core.sys.pidfd import PidFd

_TICK_NS = 1_000_000_000 // os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_COMMAND_LIMIT = 4096
_COMMANDS_SECONDS = 1.0
_waited_for: set[int] = set()
"""Processes whose command line a thread is reading."""


def processes(pids: Iterable[int]) -> tuple[Process, ...]:
    """Those of `pids` that exist now, in order of pid. `state` is the kernel's letter (R, S, D, Z, T, …), `command` is
    `[comm]` where the command line cannot be had in time."""
    boot = time.time_ns() - time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    ordered = sorted(set(pids))
    commands = _commands(ordered)
    found = (_process(pid, boot, commands.get(pid, b"")) for pid in ordered)
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


def _commands(pids: Sequence[int]) -> dict[int, bytes]:
    """/proc/PID/cmdline of those that tell it in time. It is read from the memory of the process, whose map is locked
    (mm/memory.c: access_remote_vm) while it forks without getting a processor, or waits for a page of a file system
    that does not answer: then the thread that reads it stays with it, and no other tries."""
    found: dict[int, bytes] = {}

    def read() -> None:
        for pid in pids:
            if pid in _waited_for:
                continue
            _waited_for.add(pid)
            with contextlib.suppress(OSError):
                found[pid] = _read(f"/proc/{pid}/cmdline")
            _waited_for.discard(pid)

    reader = threading.Thread(target=read, name="commands", daemon=True)
    with contextlib.suppress(RuntimeError):  # there is no thread to be had
        reader.start()
        reader.join(_COMMANDS_SECONDS)
    return found.copy()


def _process(pid: int, boot_ns: int, command: bytes) -> Process | None:
    try:
        comm, stat = parse_stat(_read(f"/proc/{pid}/stat"))
        uid, inner = parse_status(_read(f"/proc/{pid}/status"))
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
        command=parse_command(command, comm),
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


def open_root(pid: int, started: int) -> int:
    """A descriptor (O_PATH) of the root directory of the process `pid` that started then. Raises `ProcessLookupError`
    when it has ended."""
    try:
        root = os.open(f"/proc/{pid}/root", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileNotFoundError:
        raise ProcessLookupError(pid) from None
    if not same_process(pid, started):
        os.close(root)
        raise ProcessLookupError(pid)
    return root


def same_process(pid: int, started: int) -> bool:
    """Whether `pid` is still the process that started then: pids are used again, the pair is not."""
    return pid > 0 and start_time(pid) == started
