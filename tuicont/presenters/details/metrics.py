"""The metrics tab: what a container used over time, as charts. Pure.

Samples are placed by their own time, so that a late one leaves no step, and one missing a gap.
"""

from __future__ import annotations

from collections.abc import Sequence

from tuicont.core.model.rates import pressure_of
from tuicont.core.model.series import Series, Step, Value
from tuicont.core.model.stats import Pressure, Sample
from tuicont.presenters.details.chart import Chart, Values, binary_ceiling, ceiling, drawn
from tuicont.presenters.details.line import Line, Page, beside, said
from tuicont.presenters.details.view import View
from tuicont.presenters.tones import of_use, of_waiting
from tuicont.text.units import counted, percent, size

SECONDS_A_POINT = (1, 2, 5, 15, 60)
_SECOND = 1_000_000_000
_AXIS_AND_EDGE = 7
_PRESSURE_TITLE = 11


def page(view: View[Series], seconds_a_point: int = 1) -> Page:
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
    courses = history.points(_DRAWN, until_ns=history.time(-1), count=points, step_ns=seconds_a_point * 1_000_000_000)
    until = "now" if view.sample is not None else "end"
    charts = [
        drawn(chart, width, height, seconds_a_point, until) for chart in _charts(view, history[-1], courses, width)
    ]
    lines: list[Line] = []
    for start in range(0, len(charts), across):
        block: tuple[Line, ...] = tuple(charts[start])
        for number, other in enumerate(charts[start + 1 : start + across], 1):
            block = beside(block, other, number * (width + 1))
        lines += block
    status = f"{counted(len(history), 'sample')} · a point is {seconds_a_point} s · + and - change it"
    return Page(tuple(lines), status=status)


def _charts(view: View[Series], last: Sample, courses: Sequence[Values], width: int) -> list[Chart]:
    limits = view.limits
    cpu, memory, pids, io, pressure, throttled = courses
    cpu_top = 100 * limits.processors if limits.processors else ceiling(cpu, 100.0)
    limit = max(last.memory_limit, 0)
    memory_top = float(limit) or binary_ceiling(memory, 1 << 20)
    pids_top = float(last.pids_limit) if last.pids_limit > 0 else ceiling(pids, 10.0)
    now_cpu, now_io = _last(cpu), _last(io)
    return [
        Chart(
            "cpu",
            percent(now_cpu) + (f" of {percent(cpu_top)}" if limits.processors else ""),
            cpu,
            cpu_top,
            percent,
            of_use(now_cpu / cpu_top if limits.processors else 0.0, "accent"),
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
            f"{percent(_last(throttled))} of periods",
            throttled,
            100.0,
            percent,
            of_waiting(_last(throttled), "accent"),
        ),
    ]


def _last(values: Values) -> float:
    return next((v for v in reversed(values) if v is not None), 0.0)


def _cpu(step: Step) -> float | None:
    return step.rates.cpu


def _memory(step: Step) -> float | None:
    return step.sample.memory if step.sample.memory >= 0 else None


def _pids(step: Step) -> float | None:
    return step.sample.pids if step.sample.pids >= 0 else None


def _io(step: Step) -> float | None:
    return step.rates.read_bytes + step.rates.write_bytes


def _pressure(step: Step) -> float | None:
    return pressure_of(step.sample)[0]


def _throttled(step: Step) -> float | None:
    return step.rates.throttled


_DRAWN: tuple[Value, ...] = (_cpu, _memory, _pids, _io, _pressure, _throttled)
"""In the order of the charts."""


def _waiting(sample: Sample, width: int) -> str:
    def one(name: str, value: Pressure | None) -> str:
        return f"{name} {percent(value.some_avg10)}" if value is not None else ""

    parts = (one("cpu", sample.cpu_pressure), one("mem", sample.memory_pressure), one("io", sample.io_pressure))
    whole = " ".join(part for part in parts if part)
    if len(whole) > width - _PRESSURE_TITLE:
        value, name = pressure_of(sample)
        whole = f"{name} {percent(value)}"
    return whole or "not counted"
