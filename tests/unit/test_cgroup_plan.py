"""What limits come to as writes, and the order in which the kernel is called."""

from __future__ import annotations

import errno
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contract.cgroups import driver_for
from tests.doubles.memory_kernel import MemoryKernel
from tests.doubles.recording_kernel import RecordingKernel
from tuicont.core.cgroup.base import ALL_DEVICES, DEFAULT_DEVICES, DeviceRule
from tuicont.core.cgroup.detect import layout_of
from tuicont.core.cgroup.v1 import memory as v1_memory
from tuicont.core.cgroup.v2 import memory as v2_memory
from tuicont.core.cgroup.v2.cpu import weight
from tuicont.core.cgroup.v2.devices import compile_rules
from tuicont.core.errors import Denied, Invalid, Unsupported
from tuicont.core.host.mountinfo import parse
from tuicont.core.model.limits import Limits

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


@given(st.integers(0, 1 << 40), st.integers(0, 1 << 40), st.integers(1, 1 << 40))
def test_memory_never_stands_above_memory_and_swap_on_the_way(memory: int, extra: int, swap_now: int) -> None:
    now = {v1_memory.LIMIT: swap_now // 2, v1_memory.SWAP_LIMIT: swap_now}
    for write in v1_memory.writes("/d", Limits(memory=memory, memory_swap=memory + extra), swap_now):
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
    driver.create("warm", Limits())
    kernel.calls.clear()
    driver.create("web", Limits(memory=1 << 26, cpus=0.5, pids=9))
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
        driver.create("web", Limits(pids=4, cpuset_cpus="0"))
    assert driver.groups() == ()


def test_a_write_that_is_refused_names_the_limit_as_it_was_asked_for() -> None:
    kernel = v1_kernel()
    cgroup = driver_for(V1, kernel, "tc").create("web", Limits())
    kernel.fail_path("write", "/cg/cpu/tc/web/cpu.cfs_quota_us", errno.EINVAL)
    with pytest.raises(Invalid, match=r"cpus 0\.001 is refused: invalid argument(.|\n)*written: 100$"):
        cgroup.apply(Limits(memory=1 << 26, cpus=0.001))
    assert kernel.read("/cg/memory/tc/web/memory.limit_in_bytes") == b"9223372036854771712"


def test_a_missing_privilege_is_denied() -> None:
    kernel = v1_kernel()
    kernel.fail_path("mkdir", "/cg/memory/tc/web", errno.EACCES)
    driver = driver_for(V1, kernel, "tc")
    with pytest.raises(Denied, match="permission denied"):
        driver.create("web", Limits())
    assert driver.groups() == ()


V2 = layout_of(parse(b"30 23 0:26 / /cg rw - cgroup2 cgroup2 rw\n"))
V2_FILES = {"cgroup.controllers": b"cpu memory pids", "cgroup.subtree_control": b"", "memory.max": b"max"}


def v2_kernel() -> RecordingKernel:
    return RecordingKernel(MemoryKernel({f"/cg/{name}": data for name, data in V2_FILES.items()}, V2_FILES))


def test_controllers_are_enabled_from_the_root_down_to_the_parent_once() -> None:
    kernel = v2_kernel()
    driver = driver_for(V2, kernel, "engine/tc")
    driver.create("a", Limits(), ALL_DEVICES)
    assert kernel.written() == [
        ("/cg/cgroup.subtree_control", b"+cpu +memory +pids"),
        ("/cg/engine/cgroup.subtree_control", b"+cpu +memory +pids"),
        ("/cg/engine/tc/cgroup.subtree_control", b"+cpu +memory +pids"),
    ]
    kernel.calls.clear()
    driver.create("b", Limits(memory=1 << 26), ALL_DEVICES)
    driver.remove("b")
    assert [(call.name, call.path) for call in kernel.calls] == [
        ("mkdir", "/cg/engine/tc/b"),
        ("write", "/cg/engine/tc/b/memory.max"),
        ("rmdir", "/cg/engine/tc/b"),
    ]


def test_a_controller_that_cannot_be_enabled_does_not_keep_the_others_off() -> None:
    kernel = v2_kernel()
    kernel.fail_path("write", "/cg/cgroup.subtree_control", errno.EBUSY)
    driver_for(V2, kernel, "tc").create("a", Limits(), ALL_DEVICES)
    assert [data for path, data in kernel.written() if path == "/cg/cgroup.subtree_control"] == [
        b"+cpu +memory +pids",
        b"+cpu",
        b"+memory",
        b"+pids",
    ]


# device programs, run as the kernel would run them


def _run(program: bytes, kind: str, access: str, major: int, minor: int) -> int:
    """What the program answers for a request (enum bpf_devcg: types b 1, c 2; access m 1, r 2, w 4)."""
    asked = sum({"m": 1, "r": 2, "w": 4}[letter] for letter in access)
    context = {0: asked << 16 | {"b": 1, "c": 2}[kind], 4: major, 8: minor}
    registers = [0] * 11
    code = [struct.unpack("<BBhi", program[at : at + 8]) for at in range(0, len(program), 8)]
    at = 0
    while True:
        operation, pair, offset, value = code[at]
        target, source = pair & 15, pair >> 4
        at += 1
        match operation:
            case 0x61:
                registers[target] = context[offset]
            case 0xBF:
                registers[target] = registers[source]
            case 0xB7:
                registers[target] = value
            case 0x57:
                registers[target] &= value
            case 0x77:
                registers[target] >>= value
            case 0x55:
                at += offset if registers[target] != value else 0
            case 0x5D:
                at += offset if registers[target] != registers[source] else 0
            case 0x95:
                return registers[0]
            case _:
                raise AssertionError(f"unknown operation {operation:#x}")


RULES = st.builds(
    DeviceRule,
    st.sampled_from("abc"),
    st.integers(-1, 3),
    st.integers(-1, 3),
    st.sampled_from(["r", "w", "m", "rw", "rwm", "rm"]),
)


@given(
    st.lists(RULES, max_size=5),
    st.sampled_from("bc"),
    st.sampled_from(["r", "w", "m", "rw"]),
    st.integers(0, 3),
    st.integers(0, 3),
)
def test_a_device_program_allows_what_one_rule_allows(
    rules: list[DeviceRule], kind: str, access: str, major: int, minor: int
) -> None:
    allowed = any(
        rule.kind in ("a", kind)
        and rule.major in (-1, major)
        and rule.minor in (-1, minor)
        and set(access) <= set(rule.access)
        for rule in rules
    )
    assert _run(compile_rules(tuple(rules)), kind, access, major, minor) == allowed


def test_the_default_rules_open_null_and_no_disk() -> None:
    program = compile_rules(DEFAULT_DEVICES)
    assert _run(program, "c", "rw", 1, 3) == 1
    assert _run(program, "c", "rw", 136, 77) == 1
    assert _run(program, "b", "m", 8, 0) == 1
    assert _run(program, "b", "r", 8, 0) == 0
    assert _run(program, "c", "rw", 1, 1) == 0
