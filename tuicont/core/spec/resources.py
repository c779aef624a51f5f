"""`linux.resources` of the OCI specification from limits, and back.

Pure. The specification counts CPU as quota and period, and swap together with memory, as cgroup v1 does;
turning them into kernel files is the cgroup drivers' matter.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tuicont.core.errors import Unsupported
from tuicont.core.model.limits import Limits

PERIOD_US = 100_000

# What Docker lets every container open: making any node, the harmless ones, its terminals.
_DEVICE_RULES: list[dict[str, Any]] = [
    {"allow": False, "access": "rwm"},
    {"allow": True, "type": "c", "access": "m"},
    {"allow": True, "type": "b", "access": "m"},
    {"allow": True, "type": "c", "major": 1, "minor": 3, "access": "rwm"},
    {"allow": True, "type": "c", "major": 1, "minor": 5, "access": "rwm"},
    {"allow": True, "type": "c", "major": 1, "minor": 7, "access": "rwm"},
    {"allow": True, "type": "c", "major": 1, "minor": 8, "access": "rwm"},
    {"allow": True, "type": "c", "major": 1, "minor": 9, "access": "rwm"},
    {"allow": True, "type": "c", "major": 5, "minor": 0, "access": "rwm"},
    {"allow": True, "type": "c", "major": 5, "minor": 1, "access": "rwm"},
    {"allow": True, "type": "c", "major": 5, "minor": 2, "access": "rwm"},
    {"allow": True, "type": "c", "major": 136, "access": "rwm"},
]
_EVERY_DEVICE: list[dict[str, Any]] = [{"allow": True, "access": "rwm"}]

_KNOWN = {
    "memory": {"limit", "reservation", "swap", "disableOOMKiller", "useHierarchy"},
    "cpu": {"shares", "quota", "period", "cpus", "mems"},
    "pids": {"limit"},
}


def resources(limits: Limits, *, privileged: bool = False) -> dict[str, Any]:
    """The `linux.resources` object; only limits that are named appear in it."""
    found: dict[str, Any] = {"devices": _EVERY_DEVICE if privileged else _DEVICE_RULES}
    memory: dict[str, Any] = {}
    if limits.memory is not None:
        memory["limit"] = limits.memory
    if limits.memory_reservation is not None:
        memory["reservation"] = limits.memory_reservation
    if limits.memory_swap is not None:
        memory["swap"] = limits.memory_swap
    cpu: dict[str, Any] = {}
    if limits.cpu_shares is not None:
        cpu["shares"] = limits.cpu_shares
    if limits.cpus is not None:
        cpu["quota"] = round(limits.cpus * PERIOD_US)
        cpu["period"] = PERIOD_US
    if limits.cpuset_cpus is not None:
        cpu["cpus"] = limits.cpuset_cpus
    if limits.cpuset_mems is not None:
        cpu["mems"] = limits.cpuset_mems
    if memory:
        found["memory"] = memory
    if cpu:
        found["cpu"] = cpu
    if limits.pids is not None:
        found["pids"] = {"limit": limits.pids}
    return found


def with_limits(raw: Mapping[str, Any], limits: Limits) -> dict[str, Any]:
    """The `linux.resources` object `raw` with these limits instead of its own."""
    kept = {name: value for name, value in raw.items() if name not in ("memory", "cpu", "pids")}
    made = resources(limits)
    return kept | {name: made[name] for name in ("memory", "cpu", "pids") if name in made}


def limits(resources: Mapping[str, Any]) -> Limits:
    """The limits in a `linux.resources` object of anybody's. Raises `Unsupported`, naming the field, for
    one that sets something else; `devices` and values that mean "no limit" are left out."""
    for group, fields in resources.items():
        if group == "devices" or not fields:
            continue
        known = _KNOWN.get(group, set())
        for field, value in fields.items() if isinstance(fields, Mapping) else [("", fields)]:
            if field not in known and value:
                path = f"linux.resources.{group}.{field}".rstrip(".")
                raise Unsupported("use the specification", f"{path} is not supported")
    memory, cpu = resources.get("memory") or {}, resources.get("cpu") or {}
    if memory.get("disableOOMKiller"):
        raise Unsupported("use the specification", "linux.resources.memory.disableOOMKiller is not supported")
    quota, period = cpu.get("quota") or -1, cpu.get("period") or PERIOD_US
    return Limits(
        memory=_positive(memory.get("limit")),
        memory_reservation=_positive(memory.get("reservation")),
        memory_swap=memory.get("swap") or None,
        cpus=quota / period if quota > 0 else None,
        cpu_shares=cpu.get("shares") or None,
        cpuset_cpus=cpu.get("cpus") or None,
        cpuset_mems=cpu.get("mems") or None,
        pids=_positive((resources.get("pids") or {}).get("limit")),
    )


def _positive(value: int | None) -> int | None:
    return value if value is not None and value > 0 else None
