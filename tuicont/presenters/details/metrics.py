"""The metrics tab: what a container used over time, as charts. Pure.

Samples are placed by their own time, so that a late one leaves no step, and one missing a gap.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from tuicont.core.model.stats import Pressure, Sample
from tuicont.presenters.containers import pressure_of
from tuicont.presenters.details.chart import Chart, Values, binary_ceiling, ceiling, drawn
from tuicont.presenters.details.line import Line, Page, beside, said
from tuicont.presenters.details.view import View
from tuicont.presenters.tones import of_use, of_waiting
from tuicont.text.units import counted, percent, size

SECONDS_A_POINT = (1, 2, 5, 15, 60)
_SECOND = 1_000_000_000
_NO_LIMIT = 1 << 60
_AXIS_AND_EDGE = 7
_PRESSURE_TITLE = 11

Value = Callable[[Sample, Sample, float], float | None]
"""From a sample, the one before it, and the seconds between the two."""


def page(view: View[Sequence[Sample]], seconds_a_point: int = 1) -> Page:
    """Charts in three columns (two where it is narrow), as high as there is room for."""
    history = view.data
    if history is None:
        return said("reading …")
    if not history:
        return said("no sample yet: a container is sampled once a second while it runs")
    across = 3 if view.width >= 75 else 2
    width = view.width // across - 1
    down = -(-6 // across)
    height = max(view.height // down, 6)
    points = 2 * (width - _AXIS_AND_EDGE)
    now = history[-1].time_ns
    recent = _recent(history, now - points * seconds_a_point * _SECOND)

    def series(value: Value) -> Values:
        return placed(recent, value, now, points, seconds_a_point)

    until = "now" if view.sample is not None else "end"
    charts = [drawn(chart, width, height, seconds_a_point, until) for chart in _charts(view, recent, series, width)]
    lines: list[Line] = []
    for start in range(0, len(charts), across):
        block: tuple[Line, ...] = tuple(charts[start])
        for number, other in enumerate(charts[start + 1 : start + across], 1):
            block = beside(block, other, number * (width + 1))
        lines += block
    status = f"{counted(len(history), 'sample')} · a point is {seconds_a_point} s · + and - change it"
    return Page(tuple(lines), status=status)


def _recent(history: Sequence[Sample], since_ns: int) -> Sequence[Sample]:
    first = len(history) - 1
    while first > 0 and history[first - 1].time_ns >= since_ns:
        first -= 1
    return history[max(first - 1, 0) :]


def placed(history: Sequence[Sample], value: Value, now_ns: int, points: int, seconds: int) -> list[float | None]:
    """`points` values up to `now_ns`, each the largest of its `seconds`; a hole of one point is filled."""
    placed_: list[float | None] = [None] * points
    step = seconds * _SECOND
    for before, after in pairwise(history):
        elapsed = (after.time_ns - before.time_ns) / _SECOND
        if elapsed <= 0:
            continue
        index = points - 1 - (now_ns - after.time_ns) // step
        found = value(after, before, elapsed)
        if found is None or not 0 <= index < points:
            continue
        known = placed_[index]
        placed_[index] = found if known is None else max(known, found)
    for index in range(1, points - 1):
        if placed_[index] is None and placed_[index + 1] is not None:
            placed_[index] = placed_[index - 1]
    return placed_


def _charts(
    view: View[Sequence[Sample]], history: Sequence[Sample], series: Callable[[Value], Values], width: int
) -> list[Chart]:
    last = history[-1]
    limits = view.limits
    cpu, memory, pids = series(cpu_percent), series(_memory), series(_pids)
    io, pressure, throttled = series(_io), series(_pressure), series(_throttled)
    cpu_top = 100 * limits.cpus if limits.cpus else ceiling(cpu, 100.0)
    limit = last.memory_limit if 0 < last.memory_limit < _NO_LIMIT else 0
    memory_top = float(limit) or binary_ceiling(memory, 1 << 20)
    pids_top = float(last.pids_limit) if last.pids_limit > 0 else ceiling(pids, 10.0)
    now_cpu, now_io = _last(cpu), _last(io)
    return [
        Chart(
            "cpu",
            percent(now_cpu) + (f" of {percent(cpu_top)}" if limits.cpus else ""),
            cpu,
            cpu_top,
            percent,
            of_use(now_cpu / cpu_top if limits.cpus else 0.0, "accent"),
        ),
        Chart(
            "memory",
            size(max(last.memory, 0)) + (f" of {size(limit)}" if limit else ", no limit"),
            memory,
            memory_top,
            size,
            of_use(last.memory / limit if limit else 0.0, "accent"),
        ),
        Chart(
            "pids",
            str(max(last.pids, 0)) + (f" of {last.pids_limit}" if last.pids_limit > 0 else ""),
            pids,
            pids_top,
            lambda v: f"{v:.0f}",
            of_use(last.pids / last.pids_limit if last.pids_limit > 0 else 0.0, "accent"),
        ),
        Chart("i/o", f"{size(now_io)}/s", io, binary_ceiling(io, 1024.0), size),
        Chart(
            "pressure",
            _waiting(last, width),
            pressure,
            ceiling(pressure, 10.0),
            percent,
            of_waiting(_last(pressure), "accent"),
        ),
        Chart(
            "throttled",
            f"{percent(_last(throttled))} of time",
            throttled,
            100.0,
            percent,
            of_waiting(_last(throttled), "accent"),
        ),
    ]


def _last(values: Values) -> float:
    return next((v for v in reversed(values) if v is not None), 0.0)


def cpu_percent(after: Sample, before: Sample, elapsed: float) -> float | None:
    """Percent of one processor."""
    return max(after.cpu_ns - before.cpu_ns, 0) / elapsed / 1e7


def _memory(after: Sample, before: Sample, elapsed: float) -> float | None:
    return float(after.memory) if after.memory >= 0 else None


def _pids(after: Sample, before: Sample, elapsed: float) -> float | None:
    return float(after.pids) if after.pids >= 0 else None


def _io(after: Sample, before: Sample, elapsed: float) -> float | None:
    if after.read_bytes < 0 or before.read_bytes < 0:
        return None
    done = after.read_bytes + after.write_bytes - before.read_bytes - before.write_bytes
    return max(done, 0) / elapsed


def _pressure(after: Sample, before: Sample, elapsed: float) -> float | None:
    known = [p.some_avg10 for p in (after.cpu_pressure, after.memory_pressure, after.io_pressure) if p is not None]
    return max(known) if known else None


def _throttled(after: Sample, before: Sample, elapsed: float) -> float | None:
    if after.periods < 0 or before.periods < 0:
        return None
    periods = after.periods - before.periods
    return 100 * max(after.throttled_periods - before.throttled_periods, 0) / periods if periods > 0 else 0.0


def _waiting(sample: Sample, width: int) -> str:
    def one(name: str, value: Pressure | None) -> str:
        return f"{name} {percent(value.some_avg10)}" if value is not None else ""

    parts = (one("cpu", sample.cpu_pressure), one("mem", sample.memory_pressure), one("io", sample.io_pressure))
    whole = " ".join(part for part in parts if part)
    if len(whole) > width - _PRESSURE_TITLE:
        value, name = pressure_of(sample)
        whole = f"{name} {percent(value)}"
    return whole or "not counted"
