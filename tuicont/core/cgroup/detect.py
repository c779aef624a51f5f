"""Where this host has its cgroup hierarchies, and what drivers that means.

Knows how hierarchies are mounted, and nothing of what a controller does or a driver makes of them.
A hierarchy's mount point stands for its root as this cgroup namespace shows it, so nothing needs to know
the caller's own cgroup.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from tuicont.core.host.mountinfo import Mount, parse
from tuicont.core.model.probe import Probe
from tuicont.core.sys.kernel import Kernel

LIMITING = ("cpu", "cpuset", "memory", "pids")
_CONTROLLERS = tuple(
    ("cpuset cpu cpuacct blkio memory devices freezer net_cls perf_event net_prio hugetlb pids rdma misc").split()
)
"""Every one of the kernel's (include/linux/cgroup_subsys.h): which of them is used is the driver's business."""


class Layout(msgspec.Struct, frozen=True, kw_only=True):
    """The host's hierarchies. `v1` has (controller, mount point), co-mounted controllers the same mount point;
    `named` the v1 hierarchies without controller (`systemd`); `unified` is the v2 mount point or "".
    `read_only` are those mount points that cannot be written."""

    v1: tuple[tuple[str, str], ...] = ()
    named: tuple[tuple[str, str], ...] = ()
    unified: str = ""
    read_only: tuple[str, ...] = ()

    @property
    def mounts(self) -> tuple[str, ...]:
        """The mount point of every hierarchy."""
        places = [mount for _, mount in (*self.v1, *self.named)]
        return tuple(dict.fromkeys([*places, self.unified] if self.unified else places))

    @property
    def mode(self) -> str:
        """`v1`, `hybrid` (limits on v1, a v2 hierarchy beside them), `unified`, or `none`."""
        if any(name in LIMITING for name, _ in self.v1):
            return "hybrid" if self.unified else "v1"
        return "unified" if self.unified else "none"


def layout_of(mounts: Iterable[Mount]) -> Layout:
    """The layout of a mount table. Of several mounts of one hierarchy the first that shows its root counts."""
    v1: dict[str, Mount] = {}
    named: dict[str, Mount] = {}
    unified: Mount | None = None
    for mount in mounts:
        if mount.fstype == "cgroup2":
            unified = _better(unified, mount)
        elif mount.fstype == "cgroup":
            for option in mount.super_options:
                if option.startswith("name="):
                    named[option[5:]] = _better(named.get(option[5:]), mount)
                elif option in _CONTROLLERS:
                    v1[option] = _better(v1.get(option), mount)
    used = (*v1.values(), *named.values(), *([unified] if unified else []))
    return Layout(
        v1=tuple((name, v1[name].target) for name in _CONTROLLERS if name in v1),
        named=tuple(sorted((name, mount.target) for name, mount in named.items())),
        unified=unified.target if unified else "",
        read_only=tuple(sorted({m.target for m in used if "ro" in (*m.options, *m.super_options)})),
    )


def read_layout(kernel: Kernel) -> Layout:
    """The layout of this mount namespace."""
    return layout_of(parse(kernel.read("/proc/self/mountinfo")))


def probe_others(layout: Layout) -> tuple[Probe, ...]:
    """Why each driver of another mode does not fit this host."""
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


def _better(known: Mount | None, found: Mount) -> Mount:
    return found if known is None or (known.root != "/" and found.root == "/") else known
