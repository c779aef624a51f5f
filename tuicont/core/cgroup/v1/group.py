"""One container's directories in the v1 hierarchies.

Knows which controller lies in which directory; what a controller writes is its own module's business.
"""

from __future__ import annotations

import signal as signals
from collections.abc import Iterator, Mapping

from tuicont.core.cgroup import pids
from tuicont.core.cgroup.base import DeviceRule, Placement
from tuicont.core.cgroup.counters import Source
from tuicont.core.cgroup.listing import CORE_V1, files
from tuicont.core.cgroup.sampling import FileSampler
from tuicont.core.cgroup.settings import Write, carry_out, missing, unsupported
from tuicont.core.cgroup.signals import signal_members
from tuicont.core.cgroup.text import parse_number
from tuicont.core.cgroup.tree import members
from tuicont.core.cgroup.v1 import blkio, cpu, cpuacct, cpuset, devices, freezer, memory
from tuicont.core.errors import Conflict, Invalid, Unsupported, kernel_error
from tuicont.core.model.container import CgroupFile
from tuicont.core.model.limits import Limits
from tuicont.core.sys.kernel import Kernel

FREEZE_SECONDS = 2.0
_KILL_ROUNDS = 50
_UNLIMITED = 1 << 62

_MEANINGS: Mapping[str, str] = {
    **CORE_V1,
    **cpu.MEANINGS,
    **cpuacct.MEANINGS,
    **cpuset.MEANINGS,
    **memory.MEANINGS,
    **pids.MEANINGS,
    **blkio.MEANINGS,
    **devices.MEANINGS,
    **freezer.MEANINGS,
}

_SOURCES: Mapping[str, tuple[Source, ...]] = {
    "cpuacct": cpuacct.SOURCES,
    "cpu": cpu.SOURCES,
    "memory": memory.SOURCES,
    "pids": pids.SOURCES,
    "blkio": blkio.SOURCES,
}


class V1Group:
    """A `Cgroup` of v1 hierarchies. `parents` maps each controller to the directory that holds the groups."""

    def __init__(self, kernel: Kernel, name: str, parents: Mapping[str, str]) -> None:
        self._kernel = kernel
        self.name = name
        self._parents = parents
        self.directories = tuple(dict.fromkeys(f"{parent}/{name}" for parent in parents.values()))

    @property
    def placement(self) -> Placement:
        return Placement(enter=self.directories)

    def apply(self, limits: Limits) -> None:
        if not self._kernel.exists(self.directories[0]):
            raise missing(f"set limits of {self.name}", self.name)
        carry_out(self._kernel, self.name, limits, self._writes(limits, self._swap_limit(limits)), undo=True)

    def apply_new(self, limits: Limits) -> None:
        """`apply` for a group that has just been made: what its files hold is known."""
        carry_out(self._kernel, self.name, limits, self._writes(limits, None), undo=False)

    def allow_devices(self, rules: tuple[DeviceRule, ...]) -> None:
        """Refuse every device but those; for a group that has just been made."""
        if "devices" in self._parents:
            devices.allow_only(self._kernel, self._directory("devices"), rules)

    def processes(self) -> tuple[int, ...]:
        return members(self._kernel, self._tracking)

    def freeze(self) -> None:
        operation = f"freeze {self.name}"
        if not self._set_state(operation, b"FROZEN"):
            self._set_state(operation, b"THAWED")
            raise Conflict(operation, f"not every process stopped within {FREEZE_SECONDS:g} s; thawed again")

    def thaw(self) -> None:
        operation = f"thaw {self.name}"
        if not self._set_state(operation, b"THAWED"):
            raise Conflict(operation, "the group above it is frozen")

    def frozen(self) -> bool:
        try:
            return "freezer" in self._parents and freezer.is_frozen(self._kernel, self._directory("freezer"))
        except OSError:
            return False

    def kill(self, signal: int) -> int:
        if "freezer" not in self._parents:
            return self._kill_repeatedly(signal)
        directory = self._directory("freezer")
        try:
            was_frozen = freezer.is_frozen(self._kernel, directory)
            # While frozen nothing forks, so one pass reaches all. A task that resists freezing (it is inside an
            # uninterruptible call) cannot fork either, but may leave that call: then the passes are repeated.
            all_stopped = freezer.set_state(self._kernel, directory, b"FROZEN", FREEZE_SECONDS)
            try:
                reached = signal_members(self._kernel, self.processes, signal)
            finally:
                if signal == signals.SIGKILL or not was_frozen:
                    freezer.set_state(self._kernel, directory, b"THAWED", FREEZE_SECONDS)
        except OSError as error:
            if not self._kernel.exists(directory):
                return 0
            raise kernel_error(f"kill {self.name}", f"signal {signal}", error) from error
        return reached if all_stopped or signal != signals.SIGKILL else reached + self._kill_repeatedly(signal)

    def sampler(self) -> FileSampler:
        return FileSampler(self.sources(frozenset(_SOURCES)))

    def sources(self, controllers: frozenset[str]) -> Iterator[tuple[str, Source]]:
        """(path, what to take from it) of the controllers among those named that this host has."""
        for controller, sources in _SOURCES.items():
            if controller in controllers and controller in self._parents:
                for source in sources:
                    yield f"{self._directory(controller)}/{source.file}", source

    def files(self) -> tuple[CgroupFile, ...]:
        return tuple(file for directory in self.directories for file in files(self._kernel, directory, _MEANINGS))

    @property
    def _tracking(self) -> str:
        """The hierarchy that says who is in the group: the freezer's, for what is signalled must be frozen."""
        return self._directory("freezer") if "freezer" in self._parents else self.directories[0]

    def _directory(self, controller: str) -> str:
        return f"{self._parents[controller]}/{self.name}"

    def _set_state(self, operation: str, state: bytes) -> bool:
        if "freezer" not in self._parents:
            raise Unsupported(operation, "this host has no freezer hierarchy", hint="mount -t cgroup -o freezer …")
        directory = self._directory("freezer")
        try:
            return freezer.set_state(self._kernel, directory, state, FREEZE_SECONDS)
        except OSError as error:
            if not self._kernel.exists(directory):
                raise missing(operation, self.name) from error
            raise kernel_error(operation, f"write {directory}/freezer.state", error) from error

    def _kill_repeatedly(self, signal: int) -> int:
        """Without a freezer: again and again until nobody is left, for a fork may slip through each pass."""
        reached = 0
        for _ in range(_KILL_ROUNDS if signal == signals.SIGKILL else 1):
            count = signal_members(self._kernel, self.processes, signal)
            if not count:
                break
            reached += count
        return reached

    def _swap_limit(self, limits: Limits) -> int | None:
        """What memory and swap together are limited to now; None when they are not, or it does not matter."""
        if (limits.memory is None and limits.memory_swap is None) or "memory" not in self._parents:
            return None
        path = f"{self._directory('memory')}/{memory.SWAP_LIMIT}"
        try:
            value = parse_number(self._kernel.read(path).decode())
        except FileNotFoundError:
            return None
        return None if value is None or value >= _UNLIMITED else value

    def _writes(self, limits: Limits, swap_limit: int | None) -> Iterator[Write]:
        together = swap_limit if limits.memory_swap is None else limits.memory_swap
        if limits.memory is not None and together is not None and 0 <= together < limits.memory:
            raise Invalid(
                f"set limits of {self.name}",
                f"memory {limits.memory} is more than the {together} bytes that memory and swap together may take",
                hint="set memory swap too: it counts memory and swap together",
            )
        if limits.memory is not None or limits.memory_swap is not None or limits.memory_reservation is not None:
            yield from memory.writes(self._need("memory"), limits, swap_limit)
        if limits.cpus is not None or limits.cpu_shares is not None:
            yield from cpu.writes(self._need("cpu"), limits)
        if limits.pids is not None:
            yield from pids.writes(self._need("pids"), limits)
        if limits.cpuset_cpus is not None or limits.cpuset_mems is not None:
            directory = self._need("cpuset")
            yield from cpuset.writes(self._kernel, self.name, self._parents["cpuset"], directory, limits)

    def _need(self, controller: str) -> str:
        if controller not in self._parents:
            raise unsupported(self.name, controller, {"v1 hierarchies": " ".join(self._parents)})
        return self._directory(controller)
