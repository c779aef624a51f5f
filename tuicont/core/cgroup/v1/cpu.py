"""The v1 cpu controller: shares, and quota a period (Documentation/scheduler/sched-bwc.rst)."""

from __future__ import annotations

from collections.abc import Iterator

from tuicont.core.cgroup.controller import Controller, Place
from tuicont.core.cgroup.counters import Field, Form, Slot, Source
from tuicont.core.cgroup.settings import Write
from tuicont.core.model.resources import PERIOD_US, Resources


def _steps(place: Place, resources: Resources) -> Iterator[Write]:
    cpu = resources.cpu
    if cpu.shares:
        yield place.write("cpu.shares", str(cpu.shares), "cpu shares", cpu.shares)
    if cpu.period and not (place.new and cpu.period == PERIOD_US):
        yield place.write("cpu.cfs_period_us", str(cpu.period), "cpu period", cpu.period)
    if cpu.quota:
        yield place.write("cpu.cfs_quota_us", str(max(cpu.quota, -1)), "cpus", cpu.processors)


CONTROLLER = Controller(
    "cpu",
    steps=_steps,
    sources=(
        Source(
            "cpu.stat",
            Form.KEYED,
            (
                Field("nr_periods", Slot.PERIODS),
                Field("nr_throttled", Slot.THROTTLED_PERIODS),
                Field("throttled_time", Slot.THROTTLED_NS),
            ),
        ),
    ),
    meanings={
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
    },
)
