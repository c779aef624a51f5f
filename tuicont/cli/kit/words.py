"""Sizes, times and states in the words that Docker's users know. Pure."""

from __future__ import annotations

import time

from tuicont.core.model.container import Container
from tuicont.core.model.state import State
from tuicont.text.units import NANO as NANO

_AGES = (
    (2 * 365 * 86_400, 365 * 86_400, "years"),
    (60 * 86_400, 30 * 86_400, "months"),
    (14 * 86_400, 7 * 86_400, "weeks"),
    (48 * 3600, 86_400, "days"),
    (90 * 60, 3600, "hours"),
    (120, 60, "minutes"),
)


def span(nanoseconds: int) -> str:
    """A length of time: `5 seconds`, `About a minute`, `3 hours`."""
    seconds = max(nanoseconds, 0) // NANO
    if seconds < 1:
        return "Less than a second"
    if seconds == 1:
        return "1 second"
    if seconds < 60:
        return f"{seconds} seconds"
    if seconds < 120:
        return "About a minute"
    if 60 * 60 <= seconds < 90 * 60:
        return "About an hour"
    unit, name = next((unit, name) for least, unit, name in _AGES if seconds >= least)
    return f"{seconds // unit} {name}"


def ago(then_ns: int, now_ns: int) -> str:
    """`3 minutes ago`."""
    return f"{span(now_ns - then_ns)} ago"


def status(container: Container, now_ns: int) -> str:
    """`Up 3 minutes (Paused)`, `Exited (137) 2 hours ago (out of memory)`."""
    if container.state.alive:
        paused = " (Paused)" if container.state is State.PAUSED else ""
        return f"Up {span(now_ns - container.started_ns)}{paused}"
    if container.state is State.EXITED:
        code = container.exit.code if container.exit else 255
        oom = " (out of memory)" if container.exit and container.exit.oom_killed else ""
        return f"Exited ({code}) {ago(container.finished_ns, now_ns)}{oom}"
    return container.state.value.capitalize()


def sentence(line: str) -> str:
    """A line that the engine answered with, as it stands by itself: `Untagged: demo:latest`."""
    return line[:1].upper() + line[1:]


def decimal_size(count: float) -> str:
    """Bytes in powers of 1000: `1.23MB`."""
    return _scaled(count, 1000, ("B", "kB", "MB", "GB", "TB", "PB"))


def binary_size(count: float) -> str:
    """Bytes in powers of 1024: `12.5MiB`."""
    return _scaled(count, 1024, ("B", "KiB", "MiB", "GiB", "TiB", "PiB"))


def local_time(time_ns: int) -> str:
    """Local time to the second with its zone: `2026-11-23 22:00:00 +0000 UTC`."""
    return time.strftime("%Y-%m-%d %H:%M:%S %z %Z", time.localtime(time_ns / NANO))


def _scaled(count: float, base: int, units: tuple[str, ...]) -> str:
    value = float(max(count, 0))
    unit = 0
    while value >= base and unit < len(units) - 1:
        value /= base
        unit += 1
    return f"{value:.4g}{units[unit]}" if base == 1024 else f"{value:.3g}{units[unit]}"
