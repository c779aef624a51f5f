"""What the kernel counts for a container, and the rates between two such counts."""

from __future__ import annotations

import msgspec

from tuicont.core.model.container import Container
from tuicont.core.model.limits import Limits


class Pressure(msgspec.Struct, frozen=True, kw_only=True):
    """Pressure stall information of one resource (Documentation/accounting/psi.rst): percent of the
    last ten seconds, and microseconds in all, in which some or all tasks waited."""

    some_avg10: float = 0.0
    full_avg10: float = 0.0
    some_us: int = 0
    full_us: int = 0


class Sample(msgspec.Struct, frozen=True, array_like=True):
    """One reading of a container's cgroup. Counters only grow; -1 says that this host does not count it, and of
    `memory_limit` and `pids_limit` that there is none.
    `memory` is the working set: usage less inactive page cache, as `docker stats` shows it."""

    time_ns: int
    cpu_ns: int = 0
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
    cpu_pressure: Pressure | None = None
    memory_pressure: Pressure | None = None
    io_pressure: Pressure | None = None


class Rates(msgspec.Struct, frozen=True, kw_only=True):
    """The change between two samples. `cpu` is percent of one processor, the rest are per second."""

    cpu: float = 0.0
    cpu_user: float = 0.0
    cpu_system: float = 0.0
    throttled: float = 0.0
    read_bytes: float = 0.0
    write_bytes: float = 0.0


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the screens draw, at one moment, by container id. `samples` and `rates` have those that run only."""

    time_ns: int
    containers: tuple[Container, ...]
    limits: dict[str, Limits]
    samples: dict[str, Sample]
    rates: dict[str, Rates]
