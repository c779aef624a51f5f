"""The v1 cpu controller: shares, and quota a period (Documentation/scheduler/sched-bwc.rst)."""

from __future__ import annotations

from collections.abc import Iterator

from tuicont.core.cgroup.counters import Field, Form, Slot, Source
from tuicont.core.cgroup.settings import Write
from tuicont.core.model.limits import Limits

PERIOD_US = 100_000

SOURCES = (
    Source(
        "cpu.stat",
        Form.KEYED,
        (
            Field("nr_periods", Slot.PERIODS),
            Field("nr_throttled", Slot.THROTTLED_PERIODS),
            Field("throttled_time", Slot.THROTTLED_NS),
        ),
    ),
)


def writes(directory: str, limits: Limits) -> Iterator[Write]:
    """The writes for shares and processors. The period stays the kernel's 100 ms; 0 processors or less is no
    limit."""
    if limits.cpu_shares is not None:
        yield Write(directory, "cpu.shares", str(limits.cpu_shares), "cpu_shares")
    if limits.cpus is not None:
        quota = round(limits.cpus * PERIOD_US) if limits.cpus > 0 else -1
        yield Write(directory, "cpu.cfs_quota_us", str(quota), "cpus")


MEANINGS = {
    "cpu.shares": "weight against sibling groups when the processors are busy; 1024 is normal",
    "cpu.cfs_quota_us": "microseconds of processor time a period; -1 is no limit",
    "cpu.cfs_period_us": "length of a period in microseconds",
    "cpu.cfs_burst_us": "unused quota that may be saved up for a burst, in microseconds",
    "cpu.stat": "periods that passed, how many of them ended throttled, and for how many nanoseconds",
    "cpu.stat.local": "nanoseconds throttled by this group's own quota, not by a parent's",
    "cpu.idle": "1 runs the group only when nobody else wants the processor",
    "cpu.rt_runtime_us": "microseconds a period for real-time tasks; 0 allows none",
    "cpu.rt_period_us": "length of the real-time period in microseconds",
    "cpu.uclamp.min": "lowest processor performance asked for, in percent",
    "cpu.uclamp.max": "highest processor performance asked for, in percent",
}
