"""What a cgroup driver is.

Glossary. A *group* is the name of a container's cgroup below the engine's own parent cgroup
("web-1's id"); a driver is made for one parent ("tuicont") and touches nothing outside of it. On v1
a group is one directory in every controller's hierarchy, on v2 one directory, on a hybrid host
both: the v1 directories for limits and accounting, the v2 one for freezing, killing and pressure.

Lifecycle. `create` → the runtime places the container's init with `placement` → `apply`, `freeze`,
`kill` → `remove`. Every step may be repeated, and `remove` of a group that is not there succeeds, so
that a crashed engine's work is finished by the next one. A group that another hand removed makes
`apply`, `freeze` and `thaw` raise `NotFound`; `processes` of it is empty and `kill` succeeds.
"""

from __future__ import annotations

from typing import Protocol

import msgspec

from tuicont.core.model.container import CgroupFile
from tuicont.core.model.limits import Limits
from tuicont.core.model.probe import Probe
from tuicont.core.model.stats import Sample


class Placement(msgspec.Struct, frozen=True, kw_only=True):
    """How a new process gets into a group: `clone_into` is the v2 directory for CLONE_INTO_CGROUP
    (clone(2)) or "", `enter` the v1 directories into whose `tasks` file the process, single-threaded as it
    still is, writes "0" (60 times cheaper than cgroup.procs: see `EnterCgroup`)."""

    clone_into: str = ""
    enter: tuple[str, ...] = ()


class DeviceRule(msgspec.Struct, frozen=True):
    """Device nodes that the processes of a group may use (Documentation/admin-guide/cgroup-v1/devices.rst):
    `kind` is c, b or a (all), -1 any number, `access` of r(ead), w(rite) and m(knod)."""

    kind: str
    major: int = -1
    minor: int = -1
    access: str = "rwm"


ALL_DEVICES = (DeviceRule("a"),)
DEFAULT_DEVICES = (
    DeviceRule("c", access="m"),  # making a node is harmless, opening it is what counts
    DeviceRule("b", access="m"),
    DeviceRule("c", 1, 3),  # null
    DeviceRule("c", 1, 5),  # zero
    DeviceRule("c", 1, 7),  # full
    DeviceRule("c", 1, 8),  # random
    DeviceRule("c", 1, 9),  # urandom
    DeviceRule("c", 5, 0),  # tty
    DeviceRule("c", 5, 1),  # console
    DeviceRule("c", 5, 2),  # ptmx
    DeviceRule("c", 136),  # the slaves of devpts
)
"""What containers may use unless they are privileged: the nodes that a container's /dev has."""


class Sampler(Protocol):
    """Reads one group's counters again and again with its files kept open."""

    def sample(self) -> Sample | None:
        """The counters now, or None once the group is gone."""

    def close(self) -> None:
        """Close the files. May be repeated."""


class Cgroup(Protocol):
    """One container's cgroup. Making the object touches nothing."""

    @property
    def placement(self) -> Placement:
        """Where the runtime puts the container's processes."""

    def apply(self, limits: Limits) -> None:
        """Set the limits that are named, leave the others. Raises `Invalid` for a value that the kernel
        refuses (naming limit and value), `Unsupported` when the host lacks the controller; either all are set
        or those set before are put back. `memory_swap` counts memory too: when one of the two changes, name
        both, or the other one's effect moves along."""

    def processes(self) -> tuple[int, ...]:
        """Host pids of every process in the group and below it."""

    def freeze(self) -> None:
        """Stop every process; return when the kernel confirms it. Raises `Conflict` after two seconds."""

    def thaw(self) -> None:
        """Let them go on; return when the kernel confirms it."""

    def frozen(self) -> bool:
        """Whether the group itself was asked to freeze, by whomever; False of one that is not there."""

    def kill(self, signal: int) -> int:
        """Send `signal` to every process there is, so that no fork escapes (freeze, signal, thaw; or
        cgroup.kill for SIGKILL on v2); a frozen group is thawed only for SIGKILL. How many it reached."""

    def sampler(self) -> Sampler:
        """Open the counters."""

    def files(self) -> tuple[CgroupFile, ...]:
        """Every kernel file of the group with its value now and a line on what it means."""


class CgroupDriver(Protocol):
    """Makes, finds and removes the groups below one parent."""

    name: str

    def probe(self) -> Probe:
        """Whether this host can use the driver, or why not."""

    def prepare(self, group: str) -> None:
        """Make of the group what a process must find to be born in it (`placement.clone_into`), so that the rest
        can be made while the process is on its way. Raises as `create` does."""

    def create(
        self,
        group: str,
        limits: Limits,
        devices: tuple[DeviceRule, ...] = DEFAULT_DEVICES,
        *,
        prepared: bool = False,
    ) -> Cgroup:
        """Make the group, set its limits and refuse it every other device; nothing is left behind when that
        fails. An empty group of that name is made anew; one with processes raises `Conflict`. With `prepared`,
        `prepare` has just begun it."""

    def open(self, group: str) -> Cgroup:
        """The group by its name; it need not exist."""

    def remove(self, group: str) -> None:
        """Remove the empty group. Raises `Conflict` when processes are in it (after a short wait)."""

    def groups(self) -> tuple[str, ...]:
        """Names of all groups below the parent, in whichever hierarchy."""

    def shim_placement(self) -> Placement:
        """Where shims live, so that ending the user's session does not end them; may be empty."""
