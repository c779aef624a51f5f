"""Reading `linux.resources` of anybody's."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuicont.core.errors import Invalid, Unsupported
from tuicont.core.model.resources import Cpu, DeviceRule, Memory, Pids, Resources
from tuicont.core.spec.resources import DEFAULT_DEVICES, read


def test_everything_that_a_controller_carries_out_is_read() -> None:
    assert read(
        {
            "memory": {"limit": 1 << 26, "reservation": 1 << 25, "swap": -1},
            "cpu": {"shares": 512, "quota": 5000, "period": 10000, "cpus": "0-1", "mems": "0"},
            "pids": {"limit": 64},
            "devices": [{"allow": True, "type": "c", "major": 10, "minor": 229, "access": "rw"}],
        }
    ) == Resources(
        memory=Memory(limit=1 << 26, reservation=1 << 25, swap=-1),
        cpu=Cpu(shares=512, quota=5000, period=10000, cpus="0-1", mems="0"),
        pids=Pids(limit=64),
        devices=(DeviceRule(allow=True, type="c", major=10, minor=229, access="rw"),),
    )


def test_a_rule_without_type_and_numbers_is_for_every_device() -> None:
    assert read({"devices": DEFAULT_DEVICES}).devices[0] == DeviceRule(
        allow=False, type="a", major=-1, minor=-1, access="rwm"
    )


@pytest.mark.parametrize(
    ("foreign", "field"),
    [
        ({"network": {"classID": 1}}, "linux.resources.network.classID"),
        ({"hugepageLimits": [{"limit": 1}]}, "linux.resources.hugepageLimits"),
        ({"cpu": {"realtimeRuntime": 5}}, "linux.resources.cpu.realtimeRuntime"),
        ({"memory": {"disableOOMKiller": True}}, "linux.resources.memory.disableOOMKiller"),
        ({"unified": {"memory.high": "1"}}, "linux.resources.unified.memory.high"),
        ({"devices": [{"allow": True, "fileMode": 438}]}, r"linux.resources.devices\[0\].fileMode"),
    ],
)
def test_what_we_do_not_set_is_refused_by_name(foreign: dict[str, Any], field: str) -> None:
    with pytest.raises(Unsupported, match=f"{field} is not supported"):
        read(foreign)


@pytest.mark.parametrize(
    "foreign",
    [
        {"network": {"classID": 0, "priorities": []}, "hugepageLimits": [], "blockIO": None, "unified": {}},
        {"memory": {"limit": None, "kernel": 0, "disableOOMKiller": False}, "cpu": None, "pids": {}},
        {"memory": {"useHierarchy": True}, "cpu": {"cpus": "", "realtimePeriod": 0}, "devices": None},
    ],
)
def test_fields_that_say_nothing_are_passed_over(foreign: dict[str, Any]) -> None:
    assert read(foreign) == Resources()


def test_empty_fields_of_a_rule_are_every_device() -> None:
    empty = {"allow": False, "type": None, "major": None, "minor": None, "access": ""}
    assert read({"devices": [empty]}).devices == (DeviceRule(allow=False),)


@pytest.mark.parametrize(
    ("foreign", "place"),
    [
        ({"memory": {"limit": "64m"}}, "memory.limit"),
        ({"memory": 5}, "memory"),
        ({"devices": [{"allow": True, "type": "p"}]}, r"devices\[0\].type"),
        ({"devices": [{"allow": True, "access": "rwx"}]}, "devices: access 'rwx' is not"),
        ({"devices": [{"allow": True, "major": 1 << 40}]}, r"devices\[0\].major"),
        ({"devices": [{"type": "c"}]}, "devices"),
    ],
)
def test_a_value_of_another_kind_is_refused_with_its_place(foreign: dict[str, Any], place: str) -> None:
    with pytest.raises(Invalid, match=place):
        read(foreign)


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["limit", "cpus", "allow", "type", "x"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["memory", "cpu", "pids", "devices", "network"]), json))
def test_no_json_makes_it_fail_otherwise(raw: dict[str, Any]) -> None:
    with contextlib.suppress(Invalid, Unsupported):
        assert isinstance(read(raw), Resources)
