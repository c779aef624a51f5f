"""This machine's facts, from what the kernel says."""

from __future__ import annotations

from pathlib import Path

from tuicont.core.host.facts import hierarchies, host_facts, kernel_version
from tuicont.core.host.mountinfo import parse
from tuicont.core.security import rlimits


def test_a_kernel_version_is_two_numbers() -> None:
    assert kernel_version("6.18.44-fc") == (6, 18)
    assert kernel_version("5.4") == (5, 4)
    assert kernel_version("unknown") == (0, 0)


def test_the_first_place_of_each_cgroup_hierarchy_counts() -> None:
    table = (
        b"32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct\n"
        b"41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
        b"50 31 0:38 / /mnt/again rw - cgroup2 cgroup2 rw\n"
        b"22 27 0:21 / /proc rw,relatime - proc proc rw\n"
    )
    assert [(h.mount_point, h.version) for h in hierarchies(parse(table))] == [
        ("/sys/fs/cgroup/cpu,cpuacct", 1),
        ("/sys/fs/cgroup/unified", 2),
    ]


def test_no_more_is_promised_than_the_kernel_takes() -> None:
    limits = host_facts().hard_limits
    assert len(limits) == len(rlimits.NUMBERS)
    assert 0 < limits[rlimits.NUMBERS["nofile"]] <= int(Path("/proc/sys/fs/nr_open").read_text())
    assert min(limits) >= 0
