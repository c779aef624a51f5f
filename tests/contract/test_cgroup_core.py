"""A v2 hierarchy without any controller (a hybrid host's): processes, freezing, killing and devices work, and a
limit says why it cannot."""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Iterator

import msgspec
import pytest

from tests.contract.cgroups import DEFAULT, LAYOUT, MIB, PARENT, Host, eventually, limited
from tests.doubles.recording_kernel import RecordingKernel
from tuicont.core.errors import Unsupported
from tuicont.core.model.resources import Resources

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(LAYOUT.mode != "hybrid", reason="the v2 hierarchy of this host has controllers"),
]


@pytest.fixture
def host() -> Iterator[Host]:
    made = Host(msgspec.structs.replace(LAYOUT, v1=()))
    try:
        yield made
    finally:
        made.clean_up()


@pytest.mark.parametrize(
    "limits",
    [
        limited(memory=64 * MIB),
        limited(memory_swap=64 * MIB, memory=64 * MIB),
        limited(cpus=0.5),
        limited(cpu_shares=5),
        limited(pids=5),
        limited(cpuset_cpus="0"),
    ],
)
def test_a_limit_without_its_controller_is_unsupported(host: Host, limits: Resources) -> None:
    with pytest.raises(Unsupported, match="controller"):
        host.driver.create("web", limits)
    assert host.driver.groups() == ()
    cgroup = host.driver.create("web", limited())
    with pytest.raises(Unsupported, match="controller"):
        cgroup.apply(limits)


def test_the_probe_says_which_limits_are_missing(host: Host) -> None:
    probe = host.driver.probe()
    assert probe.supported
    assert probe.detail.endswith("limits without: cpu cpuset io memory pids")


def test_freezing_killing_and_counting_time_need_no_controller(host: Host) -> None:
    cgroup = host.driver.create("web", limited())
    process = host.started(cgroup, "echo ready; while :; do :; done")
    sampler = cgroup.sampler()
    assert eventually(lambda: (s := sampler.sample()) is not None and s.cpu_ns > 0)
    sample = sampler.sample()
    sampler.close()
    assert sample is not None
    assert (sample.memory, sample.pids, sample.memory_limit) == (-1, -1, -1)
    assert (sample.cpu_pressure is not None) == os.path.exists("/proc/pressure/cpu")
    cgroup.freeze()
    with open(f"{host.layout.unified}/{PARENT}/web/cgroup.events") as file:
        assert "frozen 1" in file.read()
    cgroup.thaw()
    assert cgroup.kill(signal.SIGKILL) == 1
    assert process.wait(60) == -signal.SIGKILL


def test_devices_are_refused_by_a_program(host: Host, tmp_path: str) -> None:
    process = host.run(
        host.driver.create("web", limited(DEFAULT)),
        f"cd {tmp_path}; mknod ok c 1 3; mknod kmsg c 1 11; "
        "for node in ok kmsg; do dd if=$node count=0 2>/dev/null && echo $node; done; echo end",
    )
    assert process.communicate(timeout=60)[0].decode().split() == ["ok", "end"]


def test_a_kernel_without_cgroup_kill_is_frozen_first() -> None:
    kernel = RecordingKernel()
    host = Host(msgspec.structs.replace(LAYOUT, v1=()), kernel)
    try:
        cgroup = host.driver.create("web", limited())
        process = host.started(cgroup, "sleep 60 & sleep 60 & echo ready; sleep 60; :")
        assert eventually(lambda: len(cgroup.processes()) == 4)
        kernel.fail_path("write", f"{LAYOUT.unified}/{PARENT}/web/cgroup.kill", errno.ENOENT)
        assert cgroup.kill(signal.SIGKILL) == 4
        assert process.wait(60) == -signal.SIGKILL
        assert eventually(lambda: not cgroup.processes())
        assert (f"{LAYOUT.unified}/{PARENT}/web/cgroup.freeze", b"1") in kernel.written()
        assert [str(call.data).split()[0] for call in kernel.calls if call.name == "signal"] == ["9"]
    finally:
        host.clean_up()
