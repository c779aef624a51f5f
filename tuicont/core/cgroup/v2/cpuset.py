"""The v2 cpuset controller: on which processors and memory nodes tasks may run."""

from __future__ import annotations

from collections.abc import Iterator

from tuicont.core.cgroup.settings import Write, check_list
from tuicont.core.model.limits import Limits
from tuicont.core.sys.kernel import Kernel


def writes(kernel: Kernel, group: str, parent: str, directory: str, limits: Limits) -> Iterator[Write]:
    """The writes for both lists. v2 would take a processor that is not there and ignore it, so the lists are
    checked against what is in effect above."""
    for what, wanted in (("cpus", limits.cpuset_cpus), ("mems", limits.cpuset_mems)):
        if wanted is not None:
            available = kernel.read(f"{parent}/cpuset.{what}.effective").decode().strip()
            check_list(group, f"cpuset {what}", wanted, available)
            yield Write(directory, f"cpuset.{what}", wanted, f"cpuset_{what}")


MEANINGS = {
    "cpuset.cpus": "processors asked for; empty takes the parent's",
    "cpuset.cpus.effective": "processors in effect",
    "cpuset.cpus.exclusive": "processors that no sibling may have",
    "cpuset.cpus.exclusive.effective": "exclusive processors in effect",
    "cpuset.cpus.partition": "`root` or `isolated` makes a scheduling domain of its own",
    "cpuset.mems": "memory nodes asked for; empty takes the parent's",
    "cpuset.mems.effective": "memory nodes in effect",
}
