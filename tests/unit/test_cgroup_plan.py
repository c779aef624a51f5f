"""What resources come to as writes, and the order in which the kernel is called."""

from __future__ import annotations

import errno

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contract.cgroups import EVERY, driver_for, limited
from tests.doubles.memory_kernel import MemoryKernel
from tests.doubles.recording_kernel import RecordingKernel
from tuicont.core.cgroup.controller import Place
from tuicont.core.cgroup.detect import layout_of
from tuicont.core.cgroup.settings import Write
from tuicont.core.cgroup.v1 import memory as v1_memory
from tuicont.core.cgroup.v2 import memory as v2_memory
from tuicont.core.cgroup.v2.cpu import weight
from tuicont.core.errors import Denied, Invalid, Unsupported
from tuicont.core.host.mountinfo import parse
from tuicont.core.model.resources import Memory, Resources

V1 = layout_of(
    parse(
        b"28 25 0:25 / /cg/cpu rw - cgroup cgroup rw,cpu,cpuacct\n"
        b"30 25 0:27 / /cg/memory rw - cgroup cgroup rw,memory\n"
        b"31 25 0:28 / /cg/pids rw - cgroup cgroup rw,pids\n"
    )
)
V1_FILES = {
    "cpu.shares": b"1024",
    "cpu.cfs_quota_us": b"-1",
    "cpu.cfs_period_us": b"100000",
    "memory.limit_in_bytes": b"9223372036854771712",
    "memory.memsw.limit_in_bytes": b"9223372036854771712",
    "pids.max": b"max",
}
HAS_MOUNTS = {"/cg/cpu/x": b"", "/cg/memory/x": b"", "/cg/pids/x": b""}


def v1_kernel() -> RecordingKernel:
    return RecordingKernel(MemoryKernel(HAS_MOUNTS, V1_FILES))


@pytest.mark.parametrize(("shares", "expected"), [(2, 1), (1024, 100), (262144, 10000), (0, 1), (1 << 20, 10000)])
def test_shares_and_weight_agree_at_their_ends_and_in_the_default(shares: int, expected: int) -> None:
    assert weight(shares) == expected


@given(st.integers(2, 262143))
def test_more_shares_never_weigh_less(shares: int) -> None:
    assert 1 <= weight(shares) <= weight(shares + 1) <= 10000


@given(st.integers(1, 1 << 40), st.integers(0, 1 << 40), st.integers(1, 1 << 40))
def test_memory_never_stands_above_memory_and_swap_on_the_way(memory: int, extra: int, swap_now: int) -> None:
    now = {v1_memory.LIMIT: swap_now // 2, v1_memory.SWAP_LIMIT: swap_now}
    kernel = MemoryKernel({f"/p/g/{file}": str(value).encode() for file, value in now.items()})
    place = Place(kernel, "g", lambda controller: "/p", new=False)
    for write in v1_memory.CONTROLLER.steps(place, Resources(memory=Memory(limit=memory, swap=memory + extra))):
        assert isinstance(write, Write)
        now[write.file] = int(write.value)
        assert now[v1_memory.LIMIT] <= now[v1_memory.SWAP_LIMIT]
    assert now == {v1_memory.LIMIT: memory, v1_memory.SWAP_LIMIT: memory + extra}


def test_swap_on_v2_is_what_is_left_of_both_together() -> None:
    assert v2_memory.swap_max(300, 200) == "100"
    assert v2_memory.swap_max(200, 200) == "0"
    assert v2_memory.swap_max(-1, 200) == "max"
    for together, memory in ((100, 200), (100, None)):
        with pytest.raises(ValueError, match="memory"):
            v2_memory.swap_max(together, memory)


def test_a_container_costs_one_mkdir_and_one_rmdir_a_hierarchy_and_one_write_a_limit() -> None:
    kernel = v1_kernel()
    driver = driver_for(V1, kernel, "tc")
    driver.create("warm", limited())
    kernel.calls.clear()
    driver.create("web", limited(memory=1 << 26, cpus=0.5, pids=9))
    driver.remove("web")
    assert [(call.name, call.path) for call in kernel.calls] == [
        ("mkdir", "/cg/cpu/tc/web"),
        ("mkdir", "/cg/memory/tc/web"),
        ("mkdir", "/cg/pids/tc/web"),
        ("write", "/cg/memory/tc/web/memory.limit_in_bytes"),
        ("write", "/cg/cpu/tc/web/cpu.cfs_quota_us"),
        ("write", "/cg/pids/tc/web/pids.max"),
        ("rmdir", "/cg/cpu/tc/web"),
        ("rmdir", "/cg/memory/tc/web"),
        ("rmdir", "/cg/pids/tc/web"),
    ]


def test_a_limit_without_its_controller_is_unsupported_and_leaves_nothing() -> None:
    kernel = v1_kernel()
    driver = driver_for(V1, kernel, "tc")
    with pytest.raises(Unsupported, match="cpuset controller"):
        driver.create("web", limited(pids=4, cpuset_cpus="0"))
    assert driver.groups() == ()


def test_a_write_that_is_refused_names_the_limit_as_it_was_asked_for() -> None:
    kernel = v1_kernel()
    cgroup = driver_for(V1, kernel, "tc").create("web", limited())
    kernel.fail_path("write", "/cg/cpu/tc/web/cpu.cfs_quota_us", errno.EINVAL)
    with pytest.raises(Invalid, match=r"cpus 0\.001 is refused: invalid argument(.|\n)*written: 100$"):
        cgroup.apply(limited(memory=1 << 26, cpus=0.001))
    assert kernel.read("/cg/memory/tc/web/memory.limit_in_bytes") == b"9223372036854771712"


def test_a_missing_privilege_is_denied() -> None:
    kernel = v1_kernel()
    kernel.fail_path("mkdir", "/cg/memory/tc/web", errno.EACCES)
    driver = driver_for(V1, kernel, "tc")
    with pytest.raises(Denied, match="permission denied"):
        driver.create("web", limited())
    assert driver.groups() == ()


V2 = layout_of(parse(b"30 23 0:26 / /cg rw - cgroup2 cgroup2 rw\n"))
V2_FILES = {"cgroup.controllers": b"cpu memory pids", "cgroup.subtree_control": b"", "memory.max": b"max"}


def v2_kernel() -> RecordingKernel:
    return RecordingKernel(MemoryKernel({f"/cg/{name}": data for name, data in V2_FILES.items()}, V2_FILES))


def test_controllers_are_enabled_from_the_root_down_to_the_parent_once() -> None:
    kernel = v2_kernel()
    driver = driver_for(V2, kernel, "engine/tc")
    driver.create("a", limited(EVERY))
    assert kernel.written() == [
        ("/cg/cgroup.subtree_control", b"+cpu +memory +pids"),
        ("/cg/engine/cgroup.subtree_control", b"+cpu +memory +pids"),
        ("/cg/engine/tc/cgroup.subtree_control", b"+cpu +memory +pids"),
    ]
    kernel.calls.clear()
    driver.create("b", limited(EVERY, memory=1 << 26))
    driver.remove("b")
    assert [(call.name, call.path) for call in kernel.calls] == [
        ("mkdir", "/cg/engine/tc/b"),
        ("write", "/cg/engine/tc/b/memory.max"),
        ("rmdir", "/cg/engine/tc/b"),
    ]


def test_a_controller_that_cannot_be_enabled_does_not_keep_the_others_off() -> None:
    kernel = v2_kernel()
    kernel.fail_path("write", "/cg/cgroup.subtree_control", errno.EBUSY)
    driver_for(V2, kernel, "tc").create("a", limited(EVERY))
    assert [data for path, data in kernel.written() if path == "/cg/cgroup.subtree_control"] == [
        b"+cpu +memory +pids",
        b"+cpu",
        b"+memory",
        b"+pids",
    ]
