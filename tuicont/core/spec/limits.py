"""The table of limits: for each its name in `Limits`, on the command line, in the OCI specification and in Docker's
`inspect`, its unit, its words, and what is wrong with a value.

Pure. Whoever reads, shows or passes on limits goes through the table, so that a new one is an entry here, a field of
`Limits` and of `model/resources.py`, and the controller that carries it out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from mmap import PAGESIZE
from typing import Any

import msgspec

from tuicont.core.host.lists import format_list, parse_list
from tuicont.core.model.host import HostFacts
from tuicont.core.model.limits import Limits
from tuicont.core.model.problem import Problem
from tuicont.core.model.resources import PERIOD_US

SMALLEST_MEMORY = PAGESIZE
"""The kernel counts in pages."""
LITTLE_MEMORY = 6 << 20
"""Bytes below which hardly a program starts; Docker refuses less."""
_LARGEST = (1 << 63) - 1
_NANO = 1_000_000_000


class Unit(Enum):
    """What a limit's value is."""

    BYTES = "bytes, -1 takes the limit away"
    BYTES_OR_NO_LIMIT = "bytes, -1 for no limit"
    COUNT_OR_NO_LIMIT = "a number, -1 for no limit"
    SHARES = "a weight"
    PROCESSORS = "processors, 0.5 for half of one"
    MICROSECONDS = "microseconds"
    LIST = "the kernel's list format"


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    """`field` is its name in `Limits`; `section` and `key` its path below `linux.resources`; `docker` its key in
    HostConfig. `help` says what it does; `label` names it in a form that offers it, with `example`s of what to type
    (one without is not offered there); `told` is how its value reads where it stands alone.
    `check` says what is wrong with a value, given all limits and the host; "" when it can be tried."""

    field: str
    flags: tuple[str, ...]
    section: str
    key: str
    docker: str
    unit: Unit
    help: str
    check: Callable[[Any, Limits, HostFacts], str]
    label: str = ""
    example: str = ""
    told: str = "{}"

    def put(self, value: Any) -> dict[str, Any]:
        """The fields of the section that stand for a value. Processors become time in each period, as the
        specification (and cgroup v1) has them."""
        if self.unit is Unit.PROCESSORS:
            return {self.key: round(value * PERIOD_US) if value > 0 else -1, "period": PERIOD_US}
        return {self.key: value}

    def take(self, section: Mapping[str, Any]) -> Any:
        """The value that a section's fields stand for; None when they limit nothing."""
        value = section.get(self.key)
        if self.unit in (Unit.BYTES, Unit.PROCESSORS, Unit.MICROSECONDS) and (value or 0) < 0:
            return None
        if self.unit in (Unit.PROCESSORS, Unit.MICROSECONDS):
            # Processors are written with a period, and with this one.
            if (section.get("period") == PERIOD_US) != (self.unit is Unit.PROCESSORS):
                return None
            return value / PERIOD_US if value and self.unit is Unit.PROCESSORS else value or None
        return value or None

    def for_docker(self, value: Any) -> Any:
        """The value in Docker's unit, with what stands there for "none"."""
        match self.unit:
            case Unit.PROCESSORS:
                return round((value or 0) * _NANO)
            case Unit.LIST:
                return value or ""
            case Unit.COUNT_OR_NO_LIMIT:
                return value
        return value or 0


def resources_with(resources: Mapping[str, Any], limits: Limits) -> dict[str, Any]:
    """`linux.resources` with the limits that are named put over what it says; a new object."""
    changed = dict(resources)
    for limit in LIMITS:
        value = getattr(limits, limit.field)
        if value is not None:
            changed[limit.section] = {**(changed.get(limit.section) or {}), **limit.put(value)}
    return changed


def with_swap(limits: Limits, before: Limits, host: HostFacts) -> Limits:
    """Docker's rule: who limits memory and says nothing about swap limits both together to twice as much. `before` are
    those in force: swap that was said goes on as it is, and what was not moves along with the memory."""
    told = before.memory_swap is not None and before.memory_swap != 2 * (before.memory or 0)
    if limits.memory is None or limits.memory_swap is not None or told or not host.counts_swap:
        return limits
    return msgspec.structs.replace(limits, memory_swap=2 * limits.memory if limits.memory > 0 else -1)


def sections_of(limits: Limits) -> tuple[str, ...]:
    """The sections of `linux.resources` that the limits that are named stand in."""
    return tuple(dict.fromkeys(limit.section for limit in LIMITS if getattr(limits, limit.field) is not None))


def limits_of(resources: Mapping[str, Any]) -> Limits:
    """The limits in a `linux.resources` object: the reverse of `resources_with`."""
    return Limits(**{limit.field: limit.take(resources.get(limit.section) or {}) for limit in LIMITS})


def limit_problems(limits: Limits, host: HostFacts) -> tuple[Problem, ...]:
    """What is wrong with limits on this host; fields are `limits.…`."""
    values = [(limit, value) for limit in LIMITS if (value := getattr(limits, limit.field)) is not None]
    return tuple(
        Problem(field=f"limits.{limit.field}", message=problem)
        for limit, value in values
        if (problem := limit.check(value, limits, host))
    )


def _memory(value: int, limits: Limits, host: HostFacts) -> str:
    if value == -1 or SMALLEST_MEMORY <= value <= _LARGEST:
        return ""
    return f"{value} bytes is less than the least, a page of {SMALLEST_MEMORY}"


def _reservation(value: int, limits: Limits, host: HostFacts) -> str:
    if limits.memory is not None and 0 < limits.memory < value:
        return f"{value} bytes is above the limit, {limits.memory}"
    return _memory(value, limits, host)


def _swap(value: int, limits: Limits, host: HostFacts) -> str:
    if value == -1:
        return ""
    if limits.memory is None or limits.memory < 0:
        return "it counts memory and swap together: set the memory limit too"
    if limits.memory <= value <= _LARGEST:
        return ""
    return f"{value} bytes is less than the memory limit that it includes"


def _processors(value: float, limits: Limits, host: HostFacts) -> str:
    if limits.cpu_quota is not None or limits.cpu_period is not None:
        return "it is a quota in periods of its own: there is one of --cpu-quota and --cpu-period already"
    count = len(host.processors)
    if 0.01 <= value <= count:
        return ""
    return f"{value:g} is not between 0.01 and {count}, the processors of this machine"


def _quota(value: int, limits: Limits, host: HostFacts) -> str:
    return "" if value == -1 or value >= 1000 else f"{value} is less than 1000, a millisecond"


def _period(value: int, limits: Limits, host: HostFacts) -> str:
    return "" if 1000 <= value <= 1_000_000 else f"{value} is not between 1000 and 1000000"


def _shares(value: int, limits: Limits, host: HostFacts) -> str:
    return "" if 2 <= value <= 262144 else f"{value} is not between 2 and 262144"


def _pids(value: int, limits: Limits, host: HostFacts) -> str:
    if value == -1 or 1 <= value <= 1 << 22:
        return ""
    return f"{value} is not between 1 and {1 << 22}; -1 is no limit"


def _processor_list(value: str, limits: Limits, host: HostFacts) -> str:
    return _outside(value, host.processors, "processors")


def _node_list(value: str, limits: Limits, host: HostFacts) -> str:
    return _outside(value, host.memory_nodes, "memory nodes")


def _outside(text: str, there: frozenset[int], noun: str) -> str:
    try:
        wanted = parse_list(text)
    except ValueError as error:
        return str(error)
    if not wanted:
        return "no number is named"
    missing = wanted - there
    return f"{format_list(missing)} is not of this machine, whose {noun} are {format_list(there)}" if missing else ""


LIMITS: tuple[Limit, ...] = (
    Limit(
        field="memory",
        flags=("-m", "--memory"),
        section="memory",
        key="limit",
        docker="Memory",
        unit=Unit.BYTES,
        help="most memory, such as 64m",
        check=_memory,
        label="memory",
        example="64m, 1.5g",
    ),
    Limit(
        field="memory_swap",
        flags=("--memory-swap",),
        section="memory",
        key="swap",
        docker="MemorySwap",
        unit=Unit.BYTES_OR_NO_LIMIT,
        help="memory and swap together; -1 is no limit",
        check=_swap,
        told="with swap {}",
    ),
    Limit(
        field="memory_reservation",
        flags=("--memory-reservation",),
        section="memory",
        key="reservation",
        docker="MemoryReservation",
        unit=Unit.BYTES,
        help="memory it is squeezed to when the host is short",
        check=_reservation,
        told="reserved {}",
    ),
    Limit(
        field="cpus",
        flags=("--cpus",),
        section="cpu",
        key="quota",
        docker="NanoCpus",
        unit=Unit.PROCESSORS,
        help="processors, such as 0.5",
        check=_processors,
        label="CPUs",
        example="0.5 is half a processor",
    ),
    Limit(
        field="cpu_quota",
        flags=("--cpu-quota",),
        section="cpu",
        key="quota",
        docker="CpuQuota",
        unit=Unit.MICROSECONDS,
        help="microseconds of processor time in each period",
        check=_quota,
        told="{} µs a period",
    ),
    Limit(
        field="cpu_period",
        flags=("--cpu-period",),
        section="cpu",
        key="period",
        docker="CpuPeriod",
        unit=Unit.MICROSECONDS,
        help="the microseconds of a period; 100000 is the default",
        check=_period,
        told="periods of {} µs",
    ),
    Limit(
        field="cpu_shares",
        flags=("-c", "--cpu-shares"),
        section="cpu",
        key="shares",
        docker="CpuShares",
        unit=Unit.SHARES,
        help="weight against others; 1024 is the default",
        check=_shares,
        told="{} shares",
    ),
    Limit(
        field="cpuset_cpus",
        flags=("--cpuset-cpus",),
        section="cpu",
        key="cpus",
        docker="CpusetCpus",
        unit=Unit.LIST,
        help="processors it may run on, such as 0-1,3",
        check=_processor_list,
        told="on {}",
    ),
    Limit(
        field="cpuset_mems",
        flags=("--cpuset-mems",),
        section="cpu",
        key="mems",
        docker="CpusetMems",
        unit=Unit.LIST,
        help="memory nodes it may use",
        check=_node_list,
        told="memory nodes {}",
    ),
    Limit(
        field="pids",
        flags=("--pids-limit",),
        section="pids",
        key="limit",
        docker="PidsLimit",
        unit=Unit.COUNT_OR_NO_LIMIT,
        help="most processes and threads; -1 is no limit",
        check=_pids,
        label="processes",
        example="64",
    ),
)
"""In the order in which they are told."""
