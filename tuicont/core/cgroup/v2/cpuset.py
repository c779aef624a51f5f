"""The v2 cpuset controller: on which processors and memory nodes tasks may run."""

from __future__ import annotations

from collections.abc import Iterator

from tuicont.core.cgroup.controller import Controller, Place
from tuicont.core.cgroup.settings import Write, check_list
from tuicont.core.model.resources import Resources


def _steps(place: Place, resources: Resources) -> Iterator[Write]:
    """Both lists. v2 would take a processor that is not there and ignore it, so they are checked against what is in
    effect."""
    for what, wanted in (("cpus", resources.cpu.cpus), ("mems", resources.cpu.mems)):
        if wanted is None:
            continue
        available = place.read(f"cpuset.{what}.effective", above=True)
        check_list(place.group, f"cpuset {what}", wanted, available)
        yield place.write(f"cpuset.{what}", wanted, f"cpuset {what}", wanted)


CONTROLLER = Controller(
    "cpuset",
    steps=_steps,
    meanings={
        "cpuset.cpus": "processors asked for; empty takes the parent's",
        "cpuset.cpus.effective": "processors in effect",
        "cpuset.cpus.exclusive": "processors that no sibling may have",
        "cpuset.cpus.exclusive.effective": "exclusive processors in effect",
        "cpuset.cpus.partition": "`root` or `isolated` makes a scheduling domain of its own",
        "cpuset.mems": "memory nodes asked for; empty takes the parent's",
        "cpuset.mems.effective": "memory nodes in effect",
    },
)
