"""The table of limits: into the specification and out of it again, and into Docker's units."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tuicont.core.model.host import HostFacts
from tuicont.core.model.limits import Limits
from tuicont.core.model.resources import Resources
from tuicont.core.spec.limits import LIMITS, limit_problems, limits_of, resources_with, with_swap
from tuicont.core.spec.resources import DEFAULT_DEVICES, read

MIB = 1 << 20

HOST = HostFacts(processors=frozenset(range(8)), memory_nodes=frozenset({0, 1}))
sizes = st.integers(64 << 10, 1 << 40)
limits = st.builds(
    Limits,
    memory=st.none() | sizes,
    memory_swap=st.none() | st.just(-1) | sizes,
    memory_reservation=st.none() | sizes,
    # Processors are kept as microseconds of a period.
    cpus=st.none() | st.integers(1_000, 800_000).map(lambda microseconds: microseconds / 100_000),
    cpu_quota=st.none() | st.integers(1_000, 800_000),
    cpu_period=st.none() | st.integers(1_000, 99_999),
    cpu_shares=st.none() | st.integers(2, 262144),
    cpuset_cpus=st.none() | st.sampled_from(["0", "0-3,7"]),
    cpuset_mems=st.none() | st.sampled_from(["1", "0-1"]),
    pids=st.none() | st.just(-1) | st.integers(1, 1 << 22),
).filter(lambda wanted: not limit_problems(wanted, HOST))


@given(limits)
def test_limits_survive_the_specification(wanted: Limits) -> None:
    resources = resources_with({"devices": DEFAULT_DEVICES}, wanted)
    assert limits_of(resources) == wanted
    assert resources["devices"] is DEFAULT_DEVICES
    read(resources)


@given(limits, limits)
def test_named_limits_are_put_over_those_that_are_there(before: Limits, change: Limits) -> None:
    resources = resources_with({}, before)
    assume(not limit_problems(before.merged(change), HOST))
    assert limits_of(resources_with(resources, change)) == before.merged(change)
    assert limits_of(resources) == before


def test_every_limit_is_one_entry_of_the_table() -> None:
    assert sorted(limit.field for limit in LIMITS) == sorted(Limits.__struct_fields__)
    known = {name: set(getattr(Resources(), name).__struct_fields__) for name in ("memory", "cpu", "pids")}
    assert not [limit.field for limit in LIMITS if limit.key not in known[limit.section]]
    for values in ([flag for limit in LIMITS for flag in limit.flags], [limit.docker for limit in LIMITS]):
        assert len(set(values)) == len(values)


def test_a_specification_of_anybody_s_has_limits_too() -> None:
    assert limits_of({"cpu": {"quota": 25_000, "period": 100_000}}) == Limits(cpus=0.25)
    half = limits_of({"cpu": {"quota": 25_000, "period": 50_000}})
    assert (half, half.processors) == (Limits(cpu_quota=25_000, cpu_period=50_000), 0.5)
    quarter = limits_of({"cpu": {"quota": 25_000}})
    assert (quarter, quarter.processors) == (Limits(cpu_quota=25_000), 0.25)
    for nothing in ({}, {"memory": {"limit": -1}}, {"pids": {"limit": 0}}, {"cpu": {"quota": -1}}, {"memory": None}):
        assert limits_of(nothing) == Limits()


@pytest.mark.parametrize(
    ("field", "value", "docker"),
    [
        ("memory", 64 << 20, 64 << 20),
        ("memory", None, 0),
        ("memory_swap", -1, -1),
        ("cpus", 0.5, 500_000_000),
        ("cpus", None, 0),
        ("cpu_shares", None, 0),
        ("cpuset_cpus", None, ""),
        ("cpuset_cpus", "0-1", "0-1"),
        ("pids", None, None),
        ("pids", -1, -1),
    ],
)
def test_docker_has_its_own_units_and_its_own_nothing(field: str, value: object, docker: object) -> None:
    (limit,) = (limit for limit in LIMITS if limit.field == field)
    assert limit.for_docker(value) == docker


def test_zero_processors_lift_the_limit_and_no_other() -> None:
    assert resources_with({"cpu": {"shares": 5}}, Limits(cpus=0)) == {
        "cpu": {"shares": 5, "quota": -1, "period": 100_000}
    }


@pytest.mark.parametrize(
    ("before", "change", "swap"),
    [
        (Limits(), Limits(memory=64 * MIB), 128 * MIB),
        (Limits(), Limits(memory=64 * MIB, memory_swap=-1), -1),
        (Limits(), Limits(memory=64 * MIB, memory_swap=64 * MIB), 64 * MIB),
        (Limits(), Limits(pids=5), None),
        (Limits(memory=64 * MIB, memory_swap=128 * MIB), Limits(memory=96 * MIB), 192 * MIB),
        (Limits(memory=64 * MIB, memory_swap=128 * MIB), Limits(memory=-1), -1),
        (Limits(memory=64 * MIB, memory_swap=100 * MIB), Limits(memory=96 * MIB), None),
        (Limits(memory=64 * MIB, memory_swap=-1), Limits(memory=96 * MIB), None),
    ],
)
def test_memory_limits_swap_too_unless_swap_is_said(before: Limits, change: Limits, swap: int | None) -> None:
    assert with_swap(change, before, HostFacts()).memory_swap == swap


def test_where_swap_is_not_counted_it_is_not_limited_unasked() -> None:
    assert with_swap(Limits(memory=64 * MIB), Limits(), HostFacts(counts_swap=False)).memory_swap is None
