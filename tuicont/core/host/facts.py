"""This machine's facts, read from the kernel: what requests and plans are held against.

Knows no containers. Reading costs about 0.2 ms; the composition root does it once.
"""

from __future__ import annotations

import os
import resource
import stat
from collections.abc import Iterable

from tuicont.core.host.lists import parse_list
from tuicont.core.host.mountinfo import Mount, parse
from tuicont.core.model.host import CgroupHierarchy, DeviceNode, HostFacts

_CPU_DIRECTORY = "/sys/devices/system/cpu"
_SKIPPED_DEVICES = frozenset({"/dev/pts", "/dev/shm", "/dev/mqueue", "/dev/console", "/dev/.udev", "/dev/.lxc"})
_DEPTH = 4
_ALL_CAPABILITIES = (1 << 41) - 1
_CAP_SYS_RESOURCE = 1 << 24
_LIMITS = 16
_NO_LIMIT = (1 << 64) - 1


def host_facts() -> HostFacts:
    """Read them. What cannot be read is as in an empty `HostFacts`."""
    system = os.uname()
    capabilities = _bounding_set(_read("/proc/self/status"))
    processors = parse_list(_read(f"{_CPU_DIRECTORY}/online")) or frozenset({0})
    cgroups = hierarchies(parse(_read("/proc/self/mountinfo").encode("utf-8", "surrogateescape")))
    return HostFacts(
        processors=processors,
        memory_nodes=parse_list(_read("/sys/devices/system/node/online")) or frozenset({0}),
        memory=os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"),
        capabilities=capabilities,
        kernel=kernel_version(system.release),
        machine=system.machine,
        hierarchies=cgroups,
        counts_swap=any(map(_counts_swap, cgroups)),
        masked=_thermal_throttles(processors),
        hard_limits=_hard_limits(capabilities),
        lsms=tuple(filter(None, _read("/sys/kernel/security/lsm").strip().split(","))),
    )


def _counts_swap(cgroups: CgroupHierarchy) -> bool:
    """By swapaccount=1 on v1; on v2 wherever there is swap at all, and the controller (cgroup-v2.rst, "Memory")."""
    if cgroups.version == 1:
        return os.path.exists(f"{cgroups.mount_point}/memory.memsw.limit_in_bytes")
    return os.path.exists("/proc/swaps") and "memory" in _read(f"{cgroups.mount_point}/cgroup.controllers").split()


def outlook() -> str:
    """The mounts and the root directory by which this process sees files, as a word: a path means the same to all that
    have the same one, until the host is booted again."""
    top = os.stat("/")
    return f"{os.stat('/proc/self/ns/mnt').st_ino}:{top.st_dev}:{top.st_ino}"


def host_devices() -> tuple[DeviceNode, ...]:
    """Every device node below /dev but terminals, shared memory and the console, in a stable order."""
    found: list[DeviceNode] = []
    _collect("/dev", _DEPTH, found)
    return tuple(sorted(found, key=lambda node: node.path))


def _collect(directory: str, depth: int, found: list[DeviceNode]) -> None:
    try:
        entries = list(os.scandir(directory))
    except OSError:
        return
    for entry in entries:
        if entry.path in _SKIPPED_DEVICES:
            continue
        try:
            status = entry.stat(follow_symlinks=False)
        except OSError:
            continue
        if stat.S_ISDIR(status.st_mode):
            if depth:
                _collect(entry.path, depth - 1, found)
            continue
        kind = "c" if stat.S_ISCHR(status.st_mode) else "b" if stat.S_ISBLK(status.st_mode) else ""
        if kind:
            device, mode = status.st_rdev, stat.S_IMODE(status.st_mode)
            found.append(
                DeviceNode(
                    path=entry.path,
                    kind=kind,
                    major=os.major(device),
                    minor=os.minor(device),
                    mode=mode,
                    uid=status.st_uid,
                    gid=status.st_gid,
                )
            )


def kernel_version(release: str) -> tuple[int, int]:
    """(6, 18) for "6.18.44-generic"; (0, 0) for what does not begin with numbers."""
    major, _, rest = release.partition(".")
    minor = ""
    for character in rest:
        if not character.isdigit():
            break
        minor += character
    return (int(major), int(minor or 0)) if major.isdigit() else (0, 0)


def hierarchies(mounts: Iterable[Mount]) -> tuple[CgroupHierarchy, ...]:
    """The cgroup file systems of a mount table; the first place of each counts."""
    found: dict[str, CgroupHierarchy] = {}
    for mount in mounts:
        if mount.fstype in ("cgroup", "cgroup2"):
            version = 2 if mount.fstype == "cgroup2" else 1
            found.setdefault(mount.device, CgroupHierarchy(mount_point=mount.target, version=version))
    return tuple(found.values())


def _thermal_throttles(processors: frozenset[int]) -> tuple[str, ...]:
    paths = (f"{_CPU_DIRECTORY}/cpu{number}/thermal_throttle" for number in sorted(processors))
    return tuple(path for path in paths if os.path.isdir(path))


def _bounding_set(status: str) -> int:
    _, _, rest = status.partition("CapBnd:")
    return int(rest.split(None, 1)[0], 16) if rest else _ALL_CAPABILITIES


def _hard_limits(capabilities: int) -> tuple[int, ...]:
    """Ours, where we may not raise them; else what the kernel has for all: fs.nr_open, and as many waiting signals as
    it gives its first process, a half of kernel.threads-max."""
    if not capabilities & _CAP_SYS_RESOURCE:
        return tuple(resource.getrlimit(number)[1] & _NO_LIMIT for number in range(_LIMITS))
    limits = [_NO_LIMIT] * _LIMITS
    limits[resource.RLIMIT_NOFILE] = _number("/proc/sys/fs/nr_open") or _NO_LIMIT
    limits[resource.RLIMIT_SIGPENDING] = _number("/proc/sys/kernel/threads-max") // 2 or _NO_LIMIT
    return tuple(limits)


def _number(path: str) -> int:
    text = _read(path).strip()
    return int(text) if text.isdigit() else 0


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return file.read()
    except OSError:
        return ""
