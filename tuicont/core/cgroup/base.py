"""What a cgroup driver is.

Glossary. A *group* is the name of a container's cgroup below the engine's own parent cgroup
("web-1's id"); a driver is made for one parent ("tuicont") of one state root and touches nothing outside of it. On v1
a group is one directory in every controller's hierarchy, on v2 one directory, on a hybrid host
both: the v1 directories for limits and accounting, the v2 one for freezing, killing and pressure.

Lifecycle. `begin` makes what the container's init must find to be born in the group → while the kernel makes
the init, `finish` makes the rest of the group and sets its limits → the init is in it as its `placement` says →
`apply`, `freeze`, `kill` → `remove`. (`create` begins and finishes at once, where nobody is born meanwhile.) A
group begun and not finished is removed as any other. Every step may be repeated, and `remove` of a group that is
not there succeeds, so that a crashed engine's work is finished by the next one. A group that another hand removed
makes `apply`, `freeze` and `thaw` raise `NotFound`; `processes` of it is empty and `kill` succeeds.

Resources are those of the OCI runtime specification (`linux.resources`), and nothing else. What they say nothing
of stays as the kernel has it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

import msgspec

from tuicont.core.model.container import CgroupFile
from tuicont.core.model.probe import Probe
from tuicont.core.model.resources import Resources

if TYPE_CHECKING:
    from tuicont.core.model.stats import Sample

Undo = Callable[[], None]
"""Puts back what was there before, as far as the kernel lets it."""


class Placement(msgspec.Struct, frozen=True, kw_only=True):
    """How a new process gets into a group: `clone_into` is the v2 directory for CLONE_INTO_CGROUP
    (clone(2)) or "", `enter` the v1 directories into whose `tasks` file the process, single-threaded as it
    still is, writes "0" (60 times cheaper than cgroup.procs: see `EnterCgroup`)."""

    clone_into: str = ""
    enter: tuple[str, ...] = ()


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

    def apply(self, resources: Resources) -> Undo:
        """Set what they say, leave the rest; what puts back those before. Raises `Invalid` for a value that the kernel
        refuses (naming limit and value), `Unsupported` when the host lacks the controller; either all are set or those
        set before are put back. `memory.swap` counts memory too: when one of the two changes, name both, or the other
        one's effect moves along. Device rules replace those before them."""

    def processes(self) -> tuple[int, ...]:
        """Host pids of every process in the group and below it."""

    def freeze(self) -> None:
        """Stop every process; return when the kernel confirms it. Raises `Conflict` after two seconds."""

    def thaw(self) -> None:
        """Let them go on; return when the kernel confirms it."""

    def kill(self, signal: int) -> int:
        """Send `signal` to every process there is, so that no fork escapes (freeze, signal, thaw; or
        cgroup.kill for SIGKILL on v2); a frozen group is thawed only for SIGKILL. How many it reached."""

    def sampler(self) -> Sampler:
        """Open the counters."""

    def files(self) -> tuple[CgroupFile, ...]:
        """Every kernel file of the group with its value now and a line on what it means."""


class BegunCgroup(Protocol):
    """A group that a process can be born in, without limits yet."""

    @property
    def placement(self) -> Placement:
        """That of the whole group."""

    def finish(self, resources: Resources) -> Cgroup:
        """Make the rest and set the resources. When that fails, nothing is left behind but what has processes in it
        already; raises as `Cgroup.apply` does."""


class CgroupDriver(Protocol):
    """Makes, finds and removes the groups below one parent."""

    name: str

    def probe(self) -> Probe:
        """Whether this host can use the driver, or why not."""

    def begin(self, group: str) -> BegunCgroup:
        """Make of the group what must be there when a process is born in it (`placement.clone_into`). An empty group of
        that name is made anew; one with processes raises `Conflict`."""

    def create(self, group: str, resources: Resources) -> Cgroup:
        """Begin the group and finish it."""

    def open(self, group: str) -> Cgroup:
        """The group by its name; it need not exist."""

    def remove(self, group: str) -> None:
        """Remove the empty group. Raises `Conflict` when processes are in it (after a short wait)."""

    def frozen(self, group: str) -> bool:
        """Whether the group itself was asked to freeze, by whomever; False of one that is not there."""

    def groups(self) -> tuple[str, ...]:
        """Names of all groups below the parent, in whichever hierarchy."""

    def shim_placement(self) -> Placement:
        """Where shims live, so that ending the user's session does not end them; may be empty."""
