"""The change between two samples, a second. Pure."""

from __future__ import annotations

from tuicont.core.model.stats import Rates, Sample

_NS = 1_000_000_000


def rates(before: Sample, after: Sample) -> Rates:
    """Rates over the time between the two. A counter that fell (the group was made anew), that is unknown in
    either, and a clock that stood still or went back count as no change."""
    span = after.time_ns - before.time_ns
    if span <= 0:
        return Rates()
    percent = 100 / span
    second = _NS / span
    return Rates(
        cpu=_grown(before.cpu_ns, after.cpu_ns) * percent,
        cpu_user=_grown(before.cpu_user_ns, after.cpu_user_ns) * percent,
        cpu_system=_grown(before.cpu_system_ns, after.cpu_system_ns) * percent,
        throttled=_grown(before.throttled_ns, after.throttled_ns) / span,
        read_bytes=_grown(before.read_bytes, after.read_bytes) * second,
        write_bytes=_grown(before.write_bytes, after.write_bytes) * second,
    )


def _grown(before: int, after: int) -> int:
    return after - before if 0 <= before <= after else 0
