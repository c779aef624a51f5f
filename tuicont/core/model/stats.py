"""What the kernel counts for a container, and what changed between two such counts."""

from __future__ import annotations

from typing import NamedTuple

import msgspec


class Pressure(msgspec.Struct, frozen=True, kw_only=True):
    """Pressure stall information of one resource (Documentation/accounting/psi.rst): percent of the
    last ten seconds, and microseconds in all, in which some or all tasks waited."""

    some_avg10: float = 0.0
    full_avg10: float = 0.0
    some_us: int = 0
    full_us: int = 0


class Sample(NamedTuple):
    """One reading of a container's cgroup: the row of numbers as the sampler fills it, and as it is kept and stored.

    Counters only grow; -1 says that this host does not count it, and of `memory_limit` and `pids_limit` that there
    is none. `memory` is the working set: usage less inactive page cache, as `docker stats` shows it. The averages of
    the pressures are hundredths of a percent."""

    time_ns: int
    cpu_ns: int = -1
    cpu_user_ns: int = -1
    cpu_system_ns: int = -1
    periods: int = -1
    throttled_periods: int = -1
    throttled_ns: int = -1
    memory: int = -1
    memory_cache: int = -1
    memory_swap: int = -1
    memory_limit: int = -1
    memory_peak: int = -1
    oom_kills: int = -1
    pids: int = -1
    pids_limit: int = -1
    read_bytes: int = -1
    write_bytes: int = -1
    read_ops: int = -1
    write_ops: int = -1
    cpu_some_avg10: int = -1
    cpu_some_us: int = -1
    cpu_full_avg10: int = -1
    cpu_full_us: int = -1
    memory_some_avg10: int = -1
    memory_some_us: int = -1
    memory_full_avg10: int = -1
    memory_full_us: int = -1
    io_some_avg10: int = -1
    io_some_us: int = -1
    io_full_avg10: int = -1
    io_full_us: int = -1

    @property
    def cpu_pressure(self) -> Pressure | None:
        """None where the kernel does not count it, as of the two others."""
        return _pressure(self.cpu_some_avg10, self.cpu_some_us, self.cpu_full_avg10, self.cpu_full_us)

    @property
    def memory_pressure(self) -> Pressure | None:
        """Of waiting for memory."""
        return _pressure(self.memory_some_avg10, self.memory_some_us, self.memory_full_avg10, self.memory_full_us)

    @property
    def io_pressure(self) -> Pressure | None:
        """Of waiting for I/O."""
        return _pressure(self.io_some_avg10, self.io_some_us, self.io_full_avg10, self.io_full_us)


def _pressure(some: int, some_us: int, full: int, full_us: int) -> Pressure | None:
    if some < 0:
        return None
    # Linux before 5.13 says nothing of `full` for the cpu.
    return Pressure(
        some_avg10=some / 100, some_us=max(some_us, 0), full_avg10=max(full, 0) / 100, full_us=max(full_us, 0)
    )


class Rates(msgspec.Struct, frozen=True, kw_only=True):
    """The change between two samples. `cpu` is percent of one processor, `throttled` percent of the quota's periods
    (`rates.throttled_percent`), the rest are bytes per second."""

    cpu: float = 0.0
    throttled: float = 0.0
    read_bytes: float = 0.0
    write_bytes: float = 0.0
