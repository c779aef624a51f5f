"""Where this host has its cgroup hierarchies, and the driver that fits.

Knows the format of /proc/self/mountinfo (proc_pid_mountinfo(5)), and nothing of what a controller does.
A hierarchy's mount point stands for its root as this cgroup namespace shows it, so nothing needs to know
the caller's own cgroup.
"""

from __future__ import annotations

import importlib
import re

import msgspec

from tuicont.core.cgroup.base import CgroupDriver
from tuicont.core.errors import Unsupported
from tuicont.core.model.probe import Probe
from tuicont.core.sys.kernel import Kernel

LIMITING = ("cpu", "cpuset", "memory", "pids")
V1_CONTROLLERS = ("cpu", "cpuacct", "cpuset", "memory", "devices", "freezer", "blkio", "pids")

_DRIVERS = {
    "v1": "tuicont.core.cgroup.v1.driver",
    "hybrid": "tuicont.core.cgroup.hybrid",
    "unified": "tuicont.core.cgroup.v2.driver",
}
"""Mode → the module whose `make(kernel, layout, parent)` builds the driver."""


class Layout(msgspec.Struct, frozen=True, kw_only=True):
    """The host's hierarchies. `v1` has (controller, mount point), co-mounted controllers the same mount point;
    `named` the v1 hierarchies without controller (`systemd`); `unified` is the v2 mount point or "".
    `read_only` are those mount points that cannot be written."""

    v1: tuple[tuple[str, str], ...] = ()
    named: tuple[tuple[str, str], ...] = ()
    unified: str = ""
    read_only: tuple[str, ...] = ()

    @property
    def mode(self) -> str:
        """`v1`, `hybrid` (limits on v1, a v2 hierarchy beside them), `unified`, or `none`."""
        if any(name in LIMITING for name, _ in self.v1):
            return "hybrid" if self.unified else "v1"
        return "unified" if self.unified else "none"


def parse_layout(mountinfo: str) -> Layout:
    """The layout that a mountinfo text describes. Of several mounts of one hierarchy the first that shows its
    root counts."""
    v1: dict[str, tuple[str, str]] = {}
    named: dict[str, tuple[str, str]] = {}
    unified: tuple[str, str] | None = None
    read_only: set[str] = set()
    for line in mountinfo.splitlines():
        if " - cgroup" not in line:
            continue
        before, _, after = line.partition(" - ")
        left, right = before.split(), after.split()
        if len(left) < 6 or len(right) < 3:
            raise ValueError(f"/proc/self/mountinfo: not a mount: {line!r}")
        found = (left[3], _unescape(left[4]))
        if "ro" in (*left[5].split(","), *right[2].split(",")):
            read_only.add(found[1])
        if right[0] == "cgroup2":
            unified = _better(unified, found)
        elif right[0] == "cgroup":
            for option in right[2].split(","):
                if option.startswith("name="):
                    named[option[5:]] = _better(named.get(option[5:]), found)
                elif option in V1_CONTROLLERS:
                    v1[option] = _better(v1.get(option), found)
    mounts = {mount for _, mount in (*v1.values(), *named.values(), *([unified] if unified else []))}
    return Layout(
        v1=tuple((name, v1[name][1]) for name in V1_CONTROLLERS if name in v1),
        named=tuple(sorted((name, mount) for name, (_, mount) in named.items())),
        unified=unified[1] if unified else "",
        read_only=tuple(sorted(read_only & mounts)),
    )


def read_layout(kernel: Kernel) -> Layout:
    """The layout of this mount namespace."""
    return parse_layout(kernel.read("/proc/self/mountinfo").decode("utf-8", "surrogateescape"))


def choose(kernel: Kernel, layout: Layout, parent: str = "tuicont") -> CgroupDriver:
    """The driver for the layout; `parent` is the directory below each hierarchy's root that holds the groups.
    Raises `Unsupported` when no cgroup file system is mounted."""
    module = _DRIVERS.get(layout.mode)
    if module is None:
        raise Unsupported(
            "use cgroups",
            "no cgroup file system is mounted",
            hint="mount -t cgroup2 cgroup2 /sys/fs/cgroup",
        )
    driver: CgroupDriver = importlib.import_module(module).make(kernel, layout, parent)
    return driver


def probe_others(layout: Layout) -> tuple[Probe, ...]:
    """Why each driver that `choose` passes over does not fit this host."""
    return tuple(
        Probe(group="cgroup", name=name, supported=False, reason=_MISFITS[mode][layout.mode])
        for mode, name in _NAMES.items()
        if mode != layout.mode
    )


_NAMES = {"v1": "cgroupfs-v1", "hybrid": "cgroupfs-hybrid", "unified": "cgroupfs-v2"}
_NO_CGROUPS = "no cgroup file system is mounted"
_ALL_V2 = "every controller is on the v2 hierarchy"
_MISFITS = {
    "v1": {"hybrid": "the hybrid driver uses the v2 hierarchy too", "unified": _ALL_V2, "none": _NO_CGROUPS},
    "hybrid": {"v1": "no v2 hierarchy is mounted", "unified": _ALL_V2, "none": _NO_CGROUPS},
    "unified": {
        "v1": "no v2 hierarchy is mounted",
        "hybrid": "the limiting controllers are on v1 hierarchies",
        "none": _NO_CGROUPS,
    },
}


def _better(known: tuple[str, str] | None, found: tuple[str, str]) -> tuple[str, str]:
    return found if known is None or (known[0] != "/" and found[0] == "/") else known


def _unescape(path: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), path)
