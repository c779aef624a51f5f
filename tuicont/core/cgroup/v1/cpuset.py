"""The v1 cpuset controller: on which processors and memory nodes tasks may run (cpuset(7))."""

from __future__ import annotations

from collections.abc import Iterator

from tuicont.core.cgroup.controller import Controller, Place
from tuicont.core.cgroup.settings import Write, check_list
from tuicont.core.model.resources import Resources
from tuicont.core.sys.kernel import Kernel


def prepare_parent(kernel: Kernel, root: str, parents: tuple[str, ...]) -> None:
    """Give the parents what their own parent has, and let every group below inherit it.

    A new v1 cpuset is empty and takes no process (ENOSPC). With cgroup.clone_children the kernel copies both
    lists at mkdir, which spares each container two reads and two writes.
    """
    above = root
    for directory in parents:
        for name in ("cpuset.cpus", "cpuset.mems"):
            if not kernel.read(f"{directory}/{name}").strip():
                kernel.write(f"{directory}/{name}", kernel.read(f"{above}/{name}").strip())
        if kernel.read(f"{directory}/cgroup.clone_children").strip() != b"1":
            kernel.write(f"{directory}/cgroup.clone_children", b"1")
        above = directory


def _steps(place: Place, resources: Resources) -> Iterator[Write]:
    """Both lists, checked against what the kernel really lets the groups have."""
    for what, wanted in (("cpus", resources.cpu.cpus), ("mems", resources.cpu.mems)):
        if wanted is None:
            continue
        available = place.find(f"cpuset.effective_{what}", above=True)
        if available is None:
            available = place.read(f"cpuset.{what}", above=True)
        check_list(place.group, f"cpuset {what}", wanted, available)
        yield place.write(f"cpuset.{what}", wanted, f"cpuset {what}", wanted)


CONTROLLER = Controller(
    "cpuset",
    steps=_steps,
    meanings={
        "cpuset.cpus": "processors that tasks may run on",
        "cpuset.mems": "memory nodes that tasks may allocate from",
        "cpuset.effective_cpus": "processors in effect, after what parents and hotplug leave",
        "cpuset.effective_mems": "memory nodes in effect",
        "cpuset.cpu_exclusive": "1 lets no sibling share these processors",
        "cpuset.mem_exclusive": "1 lets no sibling share these memory nodes",
        "cpuset.mem_hardwall": "1 keeps kernel allocations within the nodes too",
        "cpuset.memory_migrate": "1 moves pages along when the nodes change",
        "cpuset.memory_pressure": "how often tasks had to reclaim memory directly, a moving average",
        "cpuset.memory_spread_page": "1 spreads the page cache evenly over the nodes",
        "cpuset.memory_spread_slab": "1 spreads kernel caches evenly over the nodes",
        "cpuset.sched_load_balance": "1 balances tasks over these processors",
        "cpuset.sched_relax_domain_level": "how far to look for an idle processor; -1 is the system's default",
    },
)
