"""What a request is refused for, field by field."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuicont.core.model.host import HostFacts
from tuicont.core.model.limits import Limits
from tuicont.core.model.request import BindMount, ContainerRequest, LogOptions, TmpfsMount, Ulimit
from tuicont.core.spec.limits import limit_problems
from tuicont.core.spec.validate import validate

HOST = HostFacts(processors=frozenset(range(4)), memory_nodes=frozenset({0}))


def problems(**fields: Any) -> list[tuple[str, str]]:
    request = ContainerRequest(**{"image": "demo", **fields})
    return [(p.field, p.message) for p in validate(request, HOST, exists=lambda path: path.startswith("/there"))]


def test_a_plain_request_and_a_full_one_are_right() -> None:
    assert problems() == []
    assert not problems(
        name="web-1",
        command=("sleep", "1"),
        env=("A=1", "B"),
        workdir="/srv",
        user="web:33",
        hostname="a.b-c",
        domainname="example.org",
        mounts=(
            BindMount(source="/there/x", target="/data"),
            TmpfsMount(target="/tmp", options="size=64m,mode=1777,noexec"),
        ),
        ulimits=(Ulimit(name="nofile", soft=1024, hard=-1),),
        sysctls=(("net.ipv4.ip_forward", "1"),),
        cap_add=("net_admin",),
        cap_drop=("ALL",),
        security_opt=("no-new-privileges",),
        network="none",
        limits=Limits(memory=64 << 20, memory_swap=-1, cpus=1.5, cpuset_cpus="0-1,3", cpuset_mems="0", pids=100),
        stop_signal="SIGRTMIN+3",
        stop_timeout=0.0,
    )


@pytest.mark.parametrize(
    ("fields", "field", "message"),
    [
        ({"image": ""}, "image", "an image is needed"),
        ({"name": "-web"}, "name", "'-web' is not letters"),
        ({"name": "a/b"}, "name", "is not letters"),
        ({"hostname": "a b"}, "hostname", "is not a host name"),
        ({"hostname": "x" * 65}, "hostname", "at most 64"),
        ({"command": ("a\0b",)}, "command", "NUL"),
        ({"env": ("=x",)}, "env", "has no name"),
        ({"workdir": "srv"}, "workdir", "not an absolute path"),
        ({"user": "web:x:y"}, "user", "USER:GROUP"),
        ({"group_add": ("a b",)}, "group_add", "is no group"),
        ({"extra_hosts": (("web", "nowhere"),)}, "extra_hosts", "web:nowhere"),
        ({"extra_hosts": (("a b", "10.0.0.1"),)}, "extra_hosts", "a b:10.0.0.1"),
        ({"extra_hosts": (("web", "10.0.0.1\n1.1.1.1 bank"),)}, "extra_hosts", "is not a host name and an address"),
        ({"annotations": (("org.tuicont.container", "{}"),)}, "annotations", "the engine's own"),
        ({"shm_size": -1}, "shm_size", "less than none"),
        ({"user": "a b"}, "user", "USER:GROUP"),
        ({"stop_signal": "SIGWHAT"}, "stop_signal", "unknown signal"),
        ({"stop_timeout": -1.0}, "stop_timeout", "less than none"),
        ({"log": LogOptions(max_size=1)}, "log.max_size", "less than 4096"),
        ({"log": LogOptions(max_files=0)}, "log.max_files", "not between"),
        ({"mounts": (BindMount(source="/gone", target="/x"),)}, "mounts", "/gone is not there"),
        ({"mounts": (BindMount(source="gone", target="/x", make=True),)}, "mounts", "is not an absolute path"),
        ({"mounts": (BindMount(source="there", target="/x"),)}, "mounts", "'there' is not an absolute path"),
        ({"mounts": (BindMount(source="/there", target="x"),)}, "mounts", "'x' is not an absolute path"),
        ({"mounts": (BindMount(source="/there", target="/x/.."),)}, "mounts", "on / itself"),
        ({"mounts": (TmpfsMount(target="/x"), TmpfsMount(target="/a/../x/"))}, "mounts", "/x is mounted on twice"),
        ({"mounts": (TmpfsMount(target="/x", options="size=lots"),)}, "mounts", "'size=lots' is no option"),
        ({"ulimits": (Ulimit(name="files", soft=1, hard=1),)}, "ulimits", "'files' is none of"),
        ({"ulimits": (Ulimit(name="nofile", soft=-1, hard=5),)}, "ulimits", "above hard limit"),
        ({"ulimits": (Ulimit(name="nofile", soft=1, hard=5),) * 2}, "ulimits", "nofile is set twice"),
        ({"sysctls": (("vm.swappiness", "1"),)}, "sysctls", "is the host's"),
        ({"sysctls": (("net.x", "1"),), "network": "host"}, "sysctls", "the host's network"),
        ({"network": "bridge7"}, "network", "'bridge7' is none of none, host"),
        ({"cap_add": ("FLY",)}, "cap_add", "unknown capability 'FLY'"),
        ({"security_opt": ("apparmor=x",)}, "security_opt", "not active on this host"),
        ({"limits": Limits(memory=1000)}, "limits.memory", "a page"),
        ({"limits": Limits(memory=8 << 20, memory_reservation=9 << 20)}, "limits.memory_reservation", "above"),
        ({"limits": Limits(memory_swap=8 << 20)}, "limits.memory_swap", "set the memory limit too"),
        ({"limits": Limits(memory=8 << 20, memory_swap=7 << 20)}, "limits.memory_swap", "less than the memory"),
        ({"limits": Limits(cpus=4.5)}, "limits.cpus", "4.5 is not between 0.01 and 4"),
        ({"limits": Limits(cpus=0.0)}, "limits.cpus", "0 is not between"),
        ({"limits": Limits(cpu_quota=999)}, "limits.cpu_quota", "less than 1000"),
        ({"limits": Limits(cpu_period=1_000_001)}, "limits.cpu_period", "between 1000 and 1000000"),
        ({"limits": Limits(cpus=1, cpu_period=50_000)}, "limits.cpus", "one of --cpu-quota and --cpu-period already"),
        ({"limits": Limits(cpu_shares=1)}, "limits.cpu_shares", "between 2 and 262144"),
        ({"limits": Limits(cpuset_cpus="2-5")}, "limits.cpuset_cpus", "4-5 is not of this machine, whose .* are 0-3"),
        ({"limits": Limits(cpuset_cpus="3-1")}, "limits.cpuset_cpus", "'3-1' is not an ascending range"),
        ({"limits": Limits(cpuset_cpus="")}, "limits.cpuset_cpus", "no number is named"),
        ({"limits": Limits(cpuset_mems="1")}, "limits.cpuset_mems", "memory nodes are 0"),
        ({"limits": Limits(pids=0)}, "limits.pids", "-1 is no limit"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(fields: dict[str, Any], field: str, message: str) -> None:
    found = problems(**fields)
    assert [name for name, _ in found] == [field]
    assert re.search(message, found[0][1])


def test_everything_that_is_wrong_is_said_at_once() -> None:
    assert [f for f, _ in problems(name="?", workdir="x", limits=Limits(memory=1, pids=0))] == [
        "name",
        "workdir",
        "limits.memory",
        "limits.pids",
    ]


@given(st.builds(Limits, memory=st.none() | st.integers(), cpuset_cpus=st.none() | st.text(), pids=st.integers()))
def test_no_limits_crash_the_validator(limits: Limits) -> None:
    for problem in limit_problems(limits, HOST):
        assert problem.field.startswith("limits.")
