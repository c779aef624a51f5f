"""The v2 memory controller: limits and usage (Documentation/admin-guide/cgroup-v2.rst, "Memory")."""

from __future__ import annotations

from collections.abc import Iterator

from tuicont.core.cgroup.controller import Controller, Place
from tuicont.core.cgroup.counters import Field, Form, Slot, Source
from tuicont.core.cgroup.settings import Write, setting
from tuicont.core.cgroup.text import parse_flat_keyed, parse_number
from tuicont.core.errors import Invalid
from tuicont.core.model.resources import Resources


def _steps(place: Place, resources: Resources) -> Iterator[Write]:
    limit, together, reservation = resources.memory.limit, resources.memory.swap, resources.memory.reservation
    if limit:
        _check_room(place, limit)
        yield place.write("memory.max", _bytes(limit), "memory", limit)
    if together:
        in_force = limit or (None if place.new else parse_number(place.read("memory.max")))
        try:
            alone = swap_max(together, in_force)
        except ValueError as error:
            hint = "memory swap counts memory and swap together"
            raise Invalid(setting(place.group), str(error), hint=hint) from None
        yield place.write("memory.swap.max", alone, "memory swap", together)
    if reservation:
        yield place.write("memory.low", _bytes(reservation), "memory reservation", reservation)


def swap_max(memory_swap: int, memory: int | None) -> str:
    """memory.swap.max for Docker's "memory and swap together": v2 limits swap by itself. Raises `ValueError`
    when there is no memory limit to take off, or a larger one."""
    if memory_swap < 0:
        return "max"
    if memory is None or memory < 0:
        raise ValueError("memory swap counts memory too and needs a memory limit")
    if memory_swap < memory:
        raise ValueError(f"memory {memory} is more than the {memory_swap} bytes that memory and swap together may take")
    return str(memory_swap - memory)


def _check_room(place: Place, limit: int) -> None:
    """Raise `Invalid` when more is in use than `limit` even without the page cache. v1 refuses such a limit;
    v2 takes it and lets the OOM killer make it true."""
    if place.new or limit < 0:
        return
    used = parse_number(place.read("memory.current")) or 0
    if used <= limit:
        return
    cache = parse_flat_keyed(place.read("memory.stat")).get("file", 0)
    if used - cache > limit:
        raise Invalid(
            setting(place.group),
            f"memory {limit} is refused: the container uses more than that",
            values={"used": used - cache},
            hint="end some of its processes first, or choose a larger limit",
        )


def _bytes(value: int) -> str:
    return "max" if value < 0 else str(value)


CONTROLLER = Controller(
    "memory",
    steps=_steps,
    sources=(
        Source("memory.current", Form.NUMBER, (Field("", Slot.MEMORY),)),
        Source("memory.peak", Form.NUMBER, (Field("", Slot.MEMORY_PEAK),)),
        Source("memory.max", Form.NUMBER, (Field("", Slot.MEMORY_LIMIT),)),
        Source("memory.swap.current", Form.NUMBER, (Field("", Slot.MEMORY_SWAP),)),
        Source("memory.events", Form.KEYED, (Field("oom_kill", Slot.OOM_KILLS),)),
        Source(
            "memory.stat",
            Form.KEYED,
            (Field("inactive_file", Slot.MEMORY, -1), Field("file", Slot.MEMORY_CACHE)),
        ),
    ),
    meanings={
        "memory.current": "memory used now, page cache included",
        "memory.max": "most memory for the group; beyond it pages are reclaimed, then the OOM killer comes",
        "memory.high": "above it tasks are slowed down and pages reclaimed, but nobody is killed",
        "memory.low": "below it memory is reclaimed only when nothing else is left to reclaim",
        "memory.min": "memory that is never reclaimed",
        "memory.peak": "highest usage so far",
        "memory.events": "how often low, high and max were hit, and how many processes the OOM killer took",
        "memory.events.local": "the same for this group alone, without those below",
        "memory.stat": "usage by kind in bytes",
        "memory.numa_stat": "usage by kind and memory node",
        "memory.oom.group": "1: the OOM killer takes all processes of the group together",
        "memory.reclaim": "writing a number of bytes here reclaims as much",
        "memory.swap.current": "swap used now",
        "memory.swap.max": "most swap the group may use",
        "memory.swap.high": "above it tasks that allocate are slowed down",
        "memory.swap.peak": "highest swap usage so far",
        "memory.swap.events": "how often swap limits were hit",
        "memory.zswap.current": "compressed swap in memory now",
        "memory.zswap.max": "most compressed swap in memory",
        "memory.zswap.writeback": "1: compressed pages may be written to the swap device",
    },
)
