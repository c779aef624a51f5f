"""`linux.resources` of the OCI runtime specification (config-linux.md, "Control groups"): what a container may use,
as every cgroup driver takes it.

Only what some controller carries out has a field here: `spec/resources.py` reads the JSON of anybody's and refuses
the rest by name.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

PERIOD_US = 100_000
"""The length of a CPU period in microseconds where nobody names one: the kernel's own default."""

_Number = Annotated[int, msgspec.Meta(ge=-1, le=(1 << 31) - 1)]


class _Object(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True, gc=False):
    """What all objects of the specification have in common here. They hold no cycles for the collector to find."""


class Memory(_Object, frozen=True):
    """Bytes; -1 lifts a limit, 0 says nothing about it. `swap` counts memory and swap together."""

    limit: int = 0
    reservation: int = 0
    swap: int = 0


class Cpu(_Object, frozen=True):
    """`quota` microseconds of processor time in each `period`; a quota below 0 is no limit. `shares` weigh against
    other groups, 1024 is normal. `cpus` and `mems` are lists of processors and memory nodes as the kernel writes
    them ("0-1,3"). 0 and None say nothing."""

    shares: int = 0
    quota: int = 0
    period: int = 0
    cpus: str | None = None
    mems: str | None = None

    @property
    def processors(self) -> float:
        """The quota in processors: 0.5 for half of one."""
        return self.quota / (self.period or PERIOD_US)


class Pids(_Object, frozen=True):
    """The most tasks; -1 is no limit, 0 says nothing."""

    limit: int = 0


class DeviceRule(_Object, frozen=True):
    """Whether processes may r(ead), w(rite) or m(ake the nodes of) devices of a `type`: c(haracter), b(lock) or a(ll).
    A number of -1 stands for every one. What a list of rules comes to is said in `cgroup/devices.py`."""

    allow: bool
    type: Literal["a", "b", "c"] = "a"
    major: _Number = -1
    minor: _Number = -1
    access: str = "rwm"


class Resources(_Object, frozen=True):
    """All of it. What says nothing leaves the kernel's value alone; no device rules restrict no device."""

    memory: Memory = Memory()
    cpu: Cpu = Cpu()
    pids: Pids = Pids()
    devices: tuple[DeviceRule, ...] = ()
