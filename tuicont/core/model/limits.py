"""The resource limits of a container, in the units of the OCI runtime specification."""

from __future__ import annotations

import msgspec

from tuicont.core.model.resources import PERIOD_US


class Limits(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a container may use. `None` leaves the kernel's default.

    `memory`, `memory_reservation`: bytes. `memory_swap`: memory and swap together, bytes, as Docker
    counts it; -1 is no limit. `cpus`: processors (0.5 is half of one); or by themselves `cpu_quota`, microseconds of
    processor time in each period (-1 is no limit), and `cpu_period`, its microseconds. `cpu_shares`: 2 to 262144,
    1024 is the default. `cpuset_cpus`, `cpuset_mems`: the kernel's list format ("0-1,3").
    `pids`: the largest number of tasks; -1 is no limit.
    """

    memory: int | None = None
    memory_reservation: int | None = None
    memory_swap: int | None = None
    cpus: float | None = None
    cpu_quota: int | None = None
    cpu_period: int | None = None
    cpu_shares: int | None = None
    cpuset_cpus: str | None = None
    cpuset_mems: str | None = None
    pids: int | None = None

    @property
    def processors(self) -> float | None:
        """How many it may use at once, in whichever way that was said."""
        if self.cpus or self.cpu_quota is None or self.cpu_quota < 0:
            return self.cpus
        return self.cpu_quota / (self.cpu_period or PERIOD_US)

    def merged(self, change: Limits) -> Limits:
        """These limits with those that `change` names put over them."""
        named = {f: v for f in change.__struct_fields__ if (v := getattr(change, f)) is not None}
        return msgspec.structs.replace(self, **named)


NO_LIMITS = Limits()
