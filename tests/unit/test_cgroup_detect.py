"""Reading the host's hierarchies from mountinfo, and the driver that is chosen."""

from __future__ import annotations

import pytest

from tests.contract.cgroups import driver_for
from tests.doubles.memory_kernel import MemoryKernel
from tuicont.core.cgroup.detect import Layout, layout_of
from tuicont.core.errors import Unsupported
from tuicont.core.host.mountinfo import parse

V2 = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
SYSTEMD_HYBRID = """\
25 23 0:22 / /sys/fs/cgroup ro,nosuid shared:9 - tmpfs tmpfs ro,mode=755
26 25 0:23 / /sys/fs/cgroup/unified rw,nosuid shared:10 - cgroup2 cgroup2 rw,nsdelegate
27 25 0:24 / /sys/fs/cgroup/systemd rw,nosuid shared:11 - cgroup cgroup rw,xattr,name=systemd
28 25 0:25 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:12 - cgroup cgroup rw,cpu,cpuacct
29 25 0:26 / /sys/fs/cgroup/net_cls,net_prio rw,nosuid shared:13 - cgroup cgroup rw,net_cls,net_prio
30 25 0:27 / /sys/fs/cgroup/memory rw,nosuid shared:14 - cgroup cgroup rw,memory
31 25 0:28 / /sys/fs/cgroup/pids ro,nosuid shared:15 - cgroup cgroup rw,pids
"""


def parse_layout(table: str) -> Layout:
    return layout_of(parse(table.encode()))


def test_a_unified_host() -> None:
    layout = parse_layout(V2)
    assert (layout.mode, layout.unified, layout.v1) == ("unified", "/sys/fs/cgroup", ())


def test_a_hybrid_host_with_controllers_mounted_together() -> None:
    layout = parse_layout(SYSTEMD_HYBRID)
    assert layout.mode == "hybrid"
    assert dict(layout.v1) == {
        "cpu": "/sys/fs/cgroup/cpu,cpuacct",
        "cpuacct": "/sys/fs/cgroup/cpu,cpuacct",
        "memory": "/sys/fs/cgroup/memory",
        "net_cls": "/sys/fs/cgroup/net_cls,net_prio",
        "net_prio": "/sys/fs/cgroup/net_cls,net_prio",
        "pids": "/sys/fs/cgroup/pids",
    }
    assert layout.named == (("systemd", "/sys/fs/cgroup/systemd"),)
    assert layout.read_only == ("/sys/fs/cgroup/pids",)


def test_v1_hierarchies_without_a_controller_for_limits_leave_the_host_unified() -> None:
    assert parse_layout(V2 + "31 23 0:27 / /mnt/freezer rw - cgroup cgroup rw,freezer\n").mode == "unified"


def test_the_mount_that_shows_the_root_of_a_hierarchy_is_taken() -> None:
    inner = "40 23 0:26 /docker/abc /mnt/inner rw - cgroup2 cgroup2 rw\n"
    assert parse_layout(inner + V2).unified == "/sys/fs/cgroup"
    assert parse_layout(V2 + inner).unified == "/sys/fs/cgroup"
    assert parse_layout(inner).unified == "/mnt/inner"


def test_spaces_in_a_mount_point() -> None:
    assert parse_layout(V2.replace("/sys/fs/cgroup", "/mnt/my\\040groups")).unified == "/mnt/my groups"


def test_a_malformed_line_is_named() -> None:
    with pytest.raises(ValueError, match=r"mountinfo.*31 23"):
        parse_layout("31 23 - cgroup cgroup rw\n")


@pytest.mark.parametrize(
    ("mountinfo", "name"),
    [
        (V2, "cgroupfs-v2"),
        (SYSTEMD_HYBRID, "cgroupfs-hybrid"),
        (SYSTEMD_HYBRID.replace("cgroup2", "tmpfs"), "cgroupfs-v1"),
    ],
)
def test_the_driver_fits_the_layout(mountinfo: str, name: str) -> None:
    assert driver_for(parse_layout(mountinfo), MemoryKernel()).name == name


def test_no_cgroups_at_all_is_said_with_a_way_out() -> None:
    with pytest.raises(Unsupported, match=r"no cgroup file system is mounted(.|\n)*hint: mount"):
        driver_for(parse_layout("23 1 0:1 / /proc rw - proc proc rw\n"), MemoryKernel())


def test_what_is_mounted_read_only_is_a_reason() -> None:
    kernel = MemoryKernel({"/sys/fs/cgroup/unified/cgroup.controllers": b""})
    probe = driver_for(parse_layout(SYSTEMD_HYBRID), kernel).probe()
    assert not probe.supported
    assert probe.reason == "mounted read-only: /sys/fs/cgroup/pids"
