"""Which devices the processes of a group can open, under every cgroup driver; asked by opening them."""

from __future__ import annotations

import os
import stat

import pytest

from tests.contract.cgroups import DEFAULT, EVERY, LAYOUT, Host, limited
from tuicont.core.cgroup.base import Cgroup
from tuicont.core.errors import Unsupported
from tuicont.core.model.resources import DeviceRule

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(LAYOUT.mode == "none", reason="no cgroup file system is mounted"),
]


def test_only_the_harmless_devices_can_be_opened(host: Host, tmp_path: str) -> None:
    script = (
        f"cd {tmp_path}; mknod ok c 1 3; mknod kmsg c 1 11; mknod disk b 254 0; "
        "for node in ok kmsg disk; do dd if=$node count=0 2>/dev/null && echo $node; done; echo end"
    )
    process = host.run(host.driver.create("web", limited(DEFAULT)), script)
    assert process.communicate(timeout=60)[0].decode().split() == ["ok", "end"]


def test_a_privileged_group_may_open_any_device(host: Host, tmp_path: str) -> None:
    process = host.run(
        host.driver.create("web", limited(EVERY)),
        f"cd {tmp_path}; mknod kmsg c 1 11; dd if=kmsg count=0 2>/dev/null && echo kmsg; echo end",
    )
    assert process.communicate(timeout=60)[0].decode().split() == ["kmsg", "end"]


def openable(host: Host, cgroup: Cgroup, directory: str) -> list[str]:
    """Which of null, zero and kmsg a process of the group may open for reading."""
    script = f"cd {directory}; for n in null zero kmsg; do dd if=$n count=0 && echo $n; done; :"
    return host.run(cgroup, script).communicate(timeout=60)[0].decode().split()


@pytest.fixture
def nodes(tmp_path: str) -> str:
    for name, minor in (("null", 3), ("zero", 5), ("kmsg", 11)):
        os.mknod(f"{tmp_path}/{name}", 0o600 | stat.S_IFCHR, os.makedev(1, minor))
    return tmp_path


ZERO = DeviceRule(allow=False, type="c", major=1, minor=5, access="r")


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        (DEFAULT, ["null", "zero"]),
        (EVERY, ["null", "zero", "kmsg"]),
        ((*EVERY, ZERO), ["null", "kmsg"]),
        ((*DEFAULT, ZERO), ["null"]),
        ((ZERO,), []),
        ((DeviceRule(allow=True, type="c", major=1), DeviceRule(allow=False, access="r")), []),
        ((DeviceRule(allow=True, type="c", major=1, access="r"),), ["null", "zero", "kmsg"]),
    ],
)
def test_device_rules_mean_the_same_on_every_host_when_made_and_when_changed(
    host: Host, nodes: str, rules: tuple[DeviceRule, ...], expected: list[str]
) -> None:
    assert openable(host, host.driver.create("new", limited(rules)), nodes) == expected
    cgroup = host.driver.create("web", limited(DEFAULT))
    cgroup.apply(limited(rules))
    assert openable(host, cgroup, nodes) == expected
    cgroup.apply(limited(DEFAULT))
    assert openable(host, cgroup, nodes) == ["null", "zero"]


def test_rules_that_no_group_can_hold_are_refused_and_leave_those_before(host: Host, nodes: str) -> None:
    cgroup = host.driver.create("web", limited(DEFAULT, pids=5))
    hole = (DeviceRule(allow=True, type="c", major=1), DeviceRule(allow=False, type="c", major=1, minor=11))
    with pytest.raises(Unsupported, match="c 1:11 takes a part out of an earlier one"):
        cgroup.apply(limited(hole, pids=6))
    assert openable(host, cgroup, nodes) == ["null", "zero"]
    assert host.read("pids", "pids.max") == "5"
