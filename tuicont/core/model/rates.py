"""What samples say: every rate, and every percentage of time or of periods, is made here, once. Pure."""

from __future__ import annotations

from tuicont.core.model.stats import Rates, Sample

_NS = 1_000_000_000


def rates(before: Sample, after: Sample) -> Rates:
    """Rates over the time between the two. A counter that fell (the group was made anew) or is unknown in
    either counts as no change, and so does everything when the clock stood still or went back."""
    span = after.time_ns - before.time_ns
    if span <= 0:
        return Rates()
    return Rates(
        cpu=cpu_percent(before.cpu_ns, after.cpu_ns, span),
        throttled=throttled_percent(
            _grown(before.periods, after.periods), _grown(before.throttled_periods, after.throttled_periods)
        ),
        read_bytes=_grown(before.read_bytes, after.read_bytes) * _NS / span,
        write_bytes=_grown(before.write_bytes, after.write_bytes) * _NS / span,
    )


def cpu_percent(before_ns: int, after_ns: int, span_ns: int) -> float:
    """Processor time between two readings of its counter, in percent of one processor: 200 is two of them, busy."""
    return 100 * _grown(before_ns, after_ns) / span_ns


def throttled_percent(periods: int, throttled: int) -> float:
    """Of so many enforcement periods, the percent in which the group had used up its quota and some of its processes
    had to wait for the next (nr_periods, nr_throttled: Documentation/scheduler/sched-bwc.rst). Not a share of time:
    a period counts in full, however little of it was left to wait."""
    return 100 * throttled / periods if periods > 0 and throttled > 0 else 0.0


def pressure_of(sample: Sample | None) -> tuple[float, str]:
    """The highest share of time (percent, of the last ten seconds) in which some tasks waited, and for what."""
    if sample is None:
        return 0.0, ""
    highest, name = max((sample.cpu_some_avg10, "cpu"), (sample.memory_some_avg10, "mem"), (sample.io_some_avg10, "io"))
    return (highest / 100, name) if highest >= 0 else (0.0, "")


def _grown(before: int, after: int) -> int:
    return after - before if 0 <= before <= after else 0
