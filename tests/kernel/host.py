"""The kernel's own word on what a test did: read from /proc and /sys, never from the engine."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable

_SNAPSHOTS = ("overlay/upper", "overlay/work", "overlay/lower", "vfs/snapshots")


def namespace(pid: int | str, kind: str) -> str:
    """`net:[4026531840]`."""
    return os.readlink(f"/proc/{pid}/ns/{kind}")


def state(pid: int) -> str:
    """The process state letter; "" when there is no such process."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return ""


def status(pid: int, field: str) -> str:
    """A line of /proc/PID/status."""
    with open(f"/proc/{pid}/status") as file:
        for line in file:
            if line.startswith(f"{field}:"):
                return line.partition(":")[2].strip()
    raise KeyError(field)


def cgroup_directories(parent: str, group: str = "") -> list[str]:
    """Where `parent/group` exists in any hierarchy."""
    with open("/proc/self/mountinfo") as file:
        mounts = [line.split()[4] for line in file if " - cgroup" in line]
    return [path for mount in mounts if os.path.isdir(path := f"{mount}/{parent}/{group}".rstrip("/"))]


def cgroup_file(parent: str, group: str, *names: str) -> str:
    """The text of the first of `names` (the v1 and the v2 name) that exists."""
    for directory in cgroup_directories(parent, group):
        for name in names:
            with contextlib.suppress(FileNotFoundError), open(f"{directory}/{name}") as file:
                return file.read().strip()
    raise FileNotFoundError(names)


def cpu_ns(parent: str, group: str) -> int:
    """The processor time of a group: a line on v2, a file where there is only v1."""
    for directory in cgroup_directories(parent, group):
        with contextlib.suppress(FileNotFoundError, KeyError), open(f"{directory}/cpu.stat") as file:
            return 1000 * int(dict(line.split() for line in file)["usage_usec"])
    return int(cgroup_file(parent, group, "cpuacct.usage"))


def is_frozen(parent: str, group: str) -> bool:
    """What the freezer says: that of cgroup v2 where there is one."""
    with contextlib.suppress(FileNotFoundError):
        return "frozen 1" in cgroup_file(parent, group, "cgroup.events")
    return cgroup_file(parent, group, "freezer.state") == "FROZEN"


def shims(root: str) -> list[int]:
    """Pids of the shims whose working directory is below `root`."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError), open(f"/proc/{name}/comm") as comm:
            if os.readlink(f"/proc/{name}/cwd").startswith(root) and "shim" in comm.read():
                found.append(int(name))
    return found


def end_all(place: str) -> None:
    """What a test that failed has left, past the engine: a mount that is in use would keep its file."""
    for shim in shims(place):
        for child in _children(shim):
            os.kill(int(child), signal.SIGKILL)
        os.kill(shim, signal.SIGKILL)


def _children(pid: int) -> list[str]:
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return file.read().split()


def leftovers(root: str, parent: str) -> list[str]:
    """What of a state root without containers is still on the host."""
    left = [f"shim {pid}" for pid in shims(root)]
    with open("/proc/self/mountinfo") as file:
        left += [f"mount {line.split()[4]}" for line in file if root in line]
    for directory in cgroup_directories(parent):
        groups = [n for n in os.listdir(directory) if os.path.isdir(f"{directory}/{n}") and n != "shims"]
        left += [f"cgroup {directory}/{name}" for name in groups]
        if not groups:
            with contextlib.suppress(OSError):
                if os.path.isdir(f"{directory}/shims"):
                    os.rmdir(f"{directory}/shims")
                os.rmdir(directory)
    for below in (*("containers", "logs", "trash", "run/tasks", "run/exits"), *snapshot_places(root)):
        with contextlib.suppress(FileNotFoundError):
            left += [f"file {below}/{name}" for name in os.listdir(f"{root}/{below}")]
    return left


def snapshot_places(root: str) -> list[str]:
    """Where, below the state root, the storage drivers in use there have an entry for each container."""
    return [place for place in _SNAPSHOTS if os.path.isdir(f"{root}/{place}")]


def eventually(condition: Callable[[], object], seconds: float = 20.0) -> object:
    """The first true answer of `condition`, which the kernel gives when it is ready."""
    deadline = time.monotonic() + seconds
    while not (answer := condition()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.005)
    return answer
