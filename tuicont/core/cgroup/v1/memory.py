"""The v1 memory controller: limits and usage (Documentation/admin-guide/cgroup-v1/memory.rst)."""

from __future__ import annotations

from collections.abc import Iterator

from tuicont.core.cgroup.controller import Controller, Place
from tuicont.core.cgroup.counters import Field, Form, Slot, Source
from tuicont.core.cgroup.settings import Write, setting
from tuicont.core.cgroup.text import parse_number
from tuicont.core.errors import Invalid
from tuicont.core.model.resources import Resources

LIMIT = "memory.limit_in_bytes"
SWAP_LIMIT = "memory.memsw.limit_in_bytes"
_UNLIMITED = 1 << 62


def _steps(place: Place, resources: Resources) -> Iterator[Write]:
    """The kernel refuses with EINVAL a memory limit above that of memory and swap together and one of both below the
    memory limit, so the one that makes room goes first."""
    limit, together, reservation = resources.memory.limit, resources.memory.swap, resources.memory.reservation
    ordered: list[Write] = []
    if limit or together:
        now = _together_now(place)
        allowed = together or now
        if allowed is not None and 0 <= allowed < limit:
            raise Invalid(
                setting(place.group),
                f"memory {limit} is more than the {allowed} bytes that memory and swap together may take",
                hint="set memory swap too: it counts memory and swap together",
            )
        if limit:
            ordered.append(_write(place, LIMIT, limit, "memory"))
        if together:
            raises = now is not None and (together < 0 or together > now)
            ordered.insert(0 if raises else len(ordered), _write(place, SWAP_LIMIT, together, "memory swap"))
    yield from ordered
    if reservation:
        yield _write(place, "memory.soft_limit_in_bytes", reservation, "memory reservation")


def _write(place: Place, file: str, value: int, limit: str) -> Write:
    return place.write(file, str(max(value, -1)), limit, value)


def _together_now(place: Place) -> int | None:
    """What memory and swap together are limited to now; None when they are not, or are not counted."""
    text = None if place.new else place.find(SWAP_LIMIT)
    value = parse_number(text) if text is not None else None
    return None if value is None or value >= _UNLIMITED else value


CONTROLLER = Controller(
    "memory",
    steps=_steps,
    sources=(
        Source("memory.usage_in_bytes", Form.NUMBER, (Field("", Slot.MEMORY),)),
        Source("memory.max_usage_in_bytes", Form.NUMBER, (Field("", Slot.MEMORY_PEAK),)),
        Source("memory.oom_control", Form.KEYED, (Field("oom_kill", Slot.OOM_KILLS),)),
        Source(
            "memory.stat",
            Form.KEYED,
            (
                Field("total_inactive_file", Slot.MEMORY, -1),
                Field("total_cache", Slot.MEMORY_CACHE),
                Field("total_swap", Slot.MEMORY_SWAP),
                Field("hierarchical_memory_limit", Slot.MEMORY_LIMIT),
            ),
        ),
    ),
    meanings={
        "memory.limit_in_bytes": "most memory for the group; beyond it pages are reclaimed, then the OOM killer comes",
        "memory.usage_in_bytes": "memory used now, page cache included",
        "memory.max_usage_in_bytes": "highest usage so far; writing 0 starts over",
        "memory.failcnt": "how often usage hit the limit",
        "memory.soft_limit_in_bytes": "reclaim this group first when it is above this and the host is short",
        "memory.memsw.limit_in_bytes": "most memory and swap together",
        "memory.memsw.usage_in_bytes": "memory and swap used now",
        "memory.memsw.max_usage_in_bytes": "highest usage of memory and swap so far",
        "memory.memsw.failcnt": "how often memory and swap together hit their limit",
        "memory.stat": "usage by kind in bytes; `total_` counts groups below too",
        "memory.numa_stat": "pages by memory node",
        "memory.oom_control": "whether the OOM killer is off, whether tasks wait now, and how many it has killed",
        "memory.swappiness": "0 to 100: how readily anonymous pages are swapped",
        "memory.force_empty": "writing here reclaims as much as possible",
        "memory.use_hierarchy": "1: groups below count here too",
        "memory.move_charge_at_immigrate": "deprecated: which charges move along with a task",
        "memory.pressure_level": "where an eventfd asks for notices of memory pressure",
        "memory.kmem.limit_in_bytes": "deprecated: limit of kernel memory alone",
        "memory.kmem.usage_in_bytes": "kernel memory used now",
        "memory.kmem.max_usage_in_bytes": "highest usage of kernel memory so far",
        "memory.kmem.failcnt": "how often kernel memory hit its limit",
        "memory.kmem.slabinfo": "kernel caches of the group",
        "memory.kmem.tcp.limit_in_bytes": "most memory for TCP buffers",
        "memory.kmem.tcp.usage_in_bytes": "memory of TCP buffers now",
        "memory.kmem.tcp.max_usage_in_bytes": "highest memory of TCP buffers so far",
        "memory.kmem.tcp.failcnt": "how often TCP buffers hit their limit",
    },
)
