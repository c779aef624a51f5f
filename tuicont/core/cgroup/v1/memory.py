"""The v1 memory controller: limits and usage (Documentation/admin-guide/cgroup-v1/memory.rst)."""

from __future__ import annotations

from collections.abc import Iterator

from tuicont.core.cgroup.counters import Field, Form, Slot, Source
from tuicont.core.cgroup.settings import Write
from tuicont.core.model.limits import Limits

LIMIT = "memory.limit_in_bytes"
SWAP_LIMIT = "memory.memsw.limit_in_bytes"

SOURCES = (
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
)


def writes(directory: str, limits: Limits, swap_limit: int | None = None) -> Iterator[Write]:
    """The writes for the limits that are named. `swap_limit` is what memory.memsw.limit_in_bytes holds now
    (None: unlimited, as in a new group): the kernel refuses with EINVAL a memory limit above it and one below
    the memory limit, so the one that makes room goes first."""
    ordered: list[Write] = []
    if limits.memory is not None:
        ordered.append(Write(directory, LIMIT, str(limits.memory), "memory"))
    if limits.memory_swap is not None:
        write = Write(directory, SWAP_LIMIT, str(limits.memory_swap), "memory_swap")
        raises = swap_limit is not None and (limits.memory_swap < 0 or limits.memory_swap > swap_limit)
        ordered.insert(0 if raises else len(ordered), write)
    yield from ordered
    if limits.memory_reservation is not None:
        yield Write(directory, "memory.soft_limit_in_bytes", str(limits.memory_reservation), "memory_reservation")


MEANINGS = {
    "memory.limit_in_bytes": "most memory the group may use; beyond it pages are reclaimed, then the OOM killer comes",
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
}
