"""The v2 cpu controller: weight, and quota a period (Documentation/admin-guide/cgroup-v2.rst, "CPU")."""

from __future__ import annotations

import math
from collections.abc import Iterator

from tuicont.core.cgroup.controller import Controller, Place
from tuicont.core.cgroup.counters import Field, Form, Slot, Source
from tuicont.core.cgroup.settings import Write
from tuicont.core.model.resources import Resources


def weight(shares: int) -> int:
    """cpu.weight (1 to 10000) for v1 shares (2 to 262144).

    A straight line between the two ranges maps the one default, 1024, to 39, while the other default is 100: a
    container that asks for nothing special would lose against every group that does not ask. So the curve is a
    parabola in logarithms through the three points that must hold: 2 → 1, 1024 → 100, 262144 → 10000 (the same
    that runc and crun use since 2025).
    """
    log = math.log2(min(max(shares, 2), 262144))
    exponent = (log * log + 125 * log) / 612 - 7 / 34
    return math.ceil(round(10**exponent, 6))


def _steps(place: Place, resources: Resources) -> Iterator[Write]:
    cpu = resources.cpu
    if cpu.shares:
        yield place.write("cpu.weight", str(weight(cpu.shares)), "cpu shares", cpu.shares)
    if cpu.quota:
        quota = "max" if cpu.quota < 0 else str(cpu.quota)
        # Without a period the one that is there stays.
        value = f"{quota} {cpu.period}" if cpu.period else quota
        yield place.write("cpu.max", value, "cpus", cpu.processors)
    elif cpu.period:
        quota = "max" if place.new else place.read("cpu.max").split()[0]
        yield place.write("cpu.max", f"{quota} {cpu.period}", "cpu period", cpu.period)


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
                Field("throttled_usec", Slot.THROTTLED_NS, 1000),
            ),
        ),
    ),
    meanings={
        "cpu.weight": "weight against sibling groups when the processors are busy; 100 is normal",
        "cpu.weight.nice": "the same as a nice value",
        "cpu.max": "microseconds of processor time a period (`max` is no limit), and the period",
        "cpu.max.burst": "unused time that may be saved up for a burst, in microseconds",
        "cpu.stat": "time used in microseconds; periods that passed, how many ended throttled, and for how long",
        "cpu.stat.local": "microseconds throttled by this group's own quota, not by a parent's",
        "cpu.idle": "1 runs the group only when nobody else wants the processor",
        "cpu.uclamp.min": "lowest processor performance asked for, in percent",
        "cpu.uclamp.max": "highest processor performance asked for, in percent",
    },
)
