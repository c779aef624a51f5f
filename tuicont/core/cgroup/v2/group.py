"""One container's directory in the v2 hierarchy.

Knows which controller's files to expect there; what a controller writes is its own module's business.
"""

from __future__ import annotations

import signal as signals
from collections.abc import Iterator, Mapping

from tuicont.core.cgroup import pids
from tuicont.core.cgroup.base import Placement
from tuicont.core.cgroup.counters import Source
from tuicont.core.cgroup.listing import files
from tuicont.core.cgroup.sampling import FileSampler
from tuicont.core.cgroup.settings import Write, carry_out, missing, unsupported
from tuicont.core.cgroup.signals import signal_members
from tuicont.core.cgroup.text import parse_number
from tuicont.core.cgroup.tree import members
from tuicont.core.cgroup.v2 import core, cpu, cpuset, io, memory
from tuicont.core.errors import Conflict, Invalid, Unsupported, kernel_error
from tuicont.core.model.container import CgroupFile
from tuicont.core.model.limits import Limits
from tuicont.core.sys.kernel import Kernel

FREEZE_SECONDS = 2.0

_MEANINGS: Mapping[str, str] = {
    **core.MEANINGS,
    **cpu.MEANINGS,
    **cpuset.MEANINGS,
    **memory.MEANINGS,
    **pids.MEANINGS,
    **io.MEANINGS,
}
_SOURCES = (*cpu.SOURCES, *memory.SOURCES, *pids.SOURCES, *io.SOURCES, *core.PRESSURE_SOURCES)
CORE_SOURCES = (cpu.USAGE, *core.PRESSURE_SOURCES)
"""What a v2 group counts without any controller."""


class V2Group:
    """A `Cgroup` of the v2 hierarchy. `parent` is the directory that holds the groups."""

    def __init__(self, kernel: Kernel, name: str, parent: str) -> None:
        self._kernel = kernel
        self.name = name
        self._parent = parent
        self.directory = f"{parent}/{name}"

    @property
    def placement(self) -> Placement:
        return Placement(clone_into=self.directory)

    def apply(self, limits: Limits) -> None:
        operation = f"set limits of {self.name}"
        if not self._kernel.exists(self.directory):
            raise missing(operation, self.name)
        if limits.memory is not None:
            self._need("memory")
            memory.check_room(self._kernel, self.name, self.directory, limits.memory)
        carry_out(self._kernel, self.name, limits, self._writes(limits, self._memory_limit(limits)), undo=True)

    def apply_new(self, limits: Limits) -> None:
        """`apply` for a group that has just been made: what its files hold is known."""
        carry_out(self._kernel, self.name, limits, self._writes(limits, limits.memory), undo=False)

    def processes(self) -> tuple[int, ...]:
        return members(self._kernel, self.directory)

    def freeze(self) -> None:
        operation = f"freeze {self.name}"
        if not self._set_frozen(operation, True):
            self._set_frozen(operation, False)
            raise Conflict(operation, f"not every process stopped within {FREEZE_SECONDS:g} s; thawed again")

    def thaw(self) -> None:
        operation = f"thaw {self.name}"
        if not self._set_frozen(operation, False):
            raise Conflict(operation, "the group above it is frozen")

    def frozen(self) -> bool:
        try:
            return core.is_asked_to_freeze(self._kernel, self.directory)
        except OSError:
            return False

    def kill(self, signal: int) -> int:
        try:
            return self._kill_all() if signal == signals.SIGKILL else self._signal_all(signal)
        except OSError as error:
            if not self._kernel.exists(self.directory):
                return 0
            raise kernel_error(f"kill {self.name}", f"signal {signal}", error) from error

    def sampler(self) -> FileSampler:
        return FileSampler(self.sources(_SOURCES))

    def sources(self, wanted: tuple[Source, ...]) -> Iterator[tuple[str, Source]]:
        """(path, what to take from it)."""
        for source in wanted:
            yield f"{self.directory}/{source.file}", source

    def files(self) -> tuple[CgroupFile, ...]:
        return tuple(files(self._kernel, self.directory, _MEANINGS))

    def _set_frozen(self, operation: str, frozen: bool) -> bool:
        try:
            core.set_frozen(self._kernel, self.directory, frozen)
            return core.await_event(self._kernel, self.directory, "frozen", int(frozen), FREEZE_SECONDS)
        except OSError as error:
            if not self._kernel.exists(self.directory):
                raise missing(operation, self.name) from error
            if isinstance(error, FileNotFoundError):
                raise Unsupported(operation, "this kernel's cgroup v2 has no freezer", hint="Linux 5.2 has") from error
            raise kernel_error(operation, f"write {self.directory}/cgroup.freeze", error) from error

    def _kill_all(self) -> int:
        """One write kills every process, and those being forked (Linux 5.14); before, frozen processes die of
        SIGKILL as well, and a frozen group cannot fork."""
        count = len(self.processes())
        try:
            self._kernel.write(f"{self.directory}/cgroup.kill", b"1")
        except FileNotFoundError:
            core.set_frozen(self._kernel, self.directory, True)
            core.await_event(self._kernel, self.directory, "frozen", 1, FREEZE_SECONDS)
            count = signal_members(self._kernel, self.processes, signals.SIGKILL)
        # Nothing is left to be frozen, and the next process shall not be.
        core.set_frozen(self._kernel, self.directory, False)
        return count

    def _signal_all(self, signal: int) -> int:
        was_frozen = core.is_asked_to_freeze(self._kernel, self.directory)
        core.set_frozen(self._kernel, self.directory, True)
        try:
            core.await_event(self._kernel, self.directory, "frozen", 1, FREEZE_SECONDS)
            return signal_members(self._kernel, self.processes, signal)
        finally:
            if not was_frozen:
                core.set_frozen(self._kernel, self.directory, False)

    def _memory_limit(self, limits: Limits) -> int | None:
        """The memory limit in force once `limits` are set; None for no limit."""
        if limits.memory is not None or limits.memory_swap is None:
            return limits.memory
        self._need("memory")
        return parse_number(self._kernel.read(f"{self.directory}/memory.max").decode())

    def _writes(self, limits: Limits, memory_limit: int | None) -> Iterator[Write]:
        try:
            yield from memory.writes(self.directory, limits, memory_limit)
        except ValueError as error:
            hint = "memory swap counts memory and swap together"
            raise Invalid(f"set limits of {self.name}", str(error), hint=hint) from None
        yield from cpu.writes(self.directory, limits)
        yield from pids.writes(self.directory, limits)
        if limits.cpuset_cpus is not None or limits.cpuset_mems is not None:
            self._need("cpuset")
            yield from cpuset.writes(self._kernel, self.name, self._parent, self.directory, limits)

    def _need(self, controller: str) -> None:
        """Raise `Unsupported` unless the controller is enabled for the groups."""
        path = f"{self._parent}/cgroup.subtree_control"
        enabled = self._kernel.read(path).decode().split()
        if controller not in enabled:
            raise unsupported(self.name, controller, {path: " ".join(enabled) or "(none)"})
