"""One container's directories in the v1 hierarchies.

Knows which controller lies in which directory; what a controller does there is its own module's business.
"""

from __future__ import annotations

import signal as signals
from collections.abc import Mapping
from typing import ClassVar

from tuicont.core.cgroup import pids
from tuicont.core.cgroup.base import Placement
from tuicont.core.cgroup.controller import Controller
from tuicont.core.cgroup.group import FREEZE_SECONDS, DirectoryGroup
from tuicont.core.cgroup.settings import missing
from tuicont.core.cgroup.signals import signal_members
from tuicont.core.cgroup.v1 import blkio, core, cpu, cpuacct, cpuset, devices, freezer, freezing, memory
from tuicont.core.errors import Unsupported, kernel_error
from tuicont.core.sys.kernel import Kernel

_KILL_ROUNDS = 50

CONTROLLERS: tuple[Controller, ...] = (
    core.CONTROLLER,
    cpuacct.CONTROLLER,
    memory.CONTROLLER,
    cpu.CONTROLLER,
    pids.CONTROLLER,
    cpuset.CONTROLLER,
    blkio.CONTROLLER,
    freezer.CONTROLLER,
    devices.CONTROLLER,
)
"""In the order in which resources are set."""


class V1Group(DirectoryGroup):
    """A `Cgroup` of v1 hierarchies. `parents` maps each controller to the directory that holds the groups,
    `directories` are the group's in all of them."""

    controllers: ClassVar[tuple[Controller, ...]] = CONTROLLERS

    def __init__(self, kernel: Kernel, name: str, parents: Mapping[str, str], directories: tuple[str, ...]) -> None:
        # What is signalled must be frozen, so the freezer's hierarchy says who is in the group.
        freezing = f"{parents['freezer']}/{name}" if "freezer" in parents else ""
        super().__init__(kernel, name, directories, freezing or directories[0])
        self._parents = parents
        self._freezing = freezing

    @property
    def placement(self) -> Placement:
        return Placement(enter=self.directories)

    def parent(self, controller: str) -> str:
        return self._parents.get(controller, "")

    def _signal(self, signal: int) -> int:
        directory = self._freezing
        if not directory:
            return self._kill_repeatedly(signal)
        was_frozen = freezing.is_frozen(self._kernel, directory)
        # While frozen nothing forks, so one pass reaches all. A task that resists freezing (it is inside an
        # uninterruptible call) cannot fork either, but may leave that call: then the passes are repeated.
        all_stopped = freezing.set_state(self._kernel, directory, b"FROZEN", FREEZE_SECONDS)
        try:
            reached = signal_members(self._kernel, self.processes, signal)
        finally:
            if signal == signals.SIGKILL or not was_frozen:
                freezing.set_state(self._kernel, directory, b"THAWED", FREEZE_SECONDS)
        return reached if all_stopped or signal != signals.SIGKILL else reached + self._kill_repeatedly(signal)

    def _set_frozen(self, operation: str, frozen: bool) -> bool:
        directory = self._freezing
        if not directory:
            raise Unsupported(operation, "this host has no freezer hierarchy", hint="mount -t cgroup -o freezer …")
        try:
            return freezing.set_state(self._kernel, directory, b"FROZEN" if frozen else b"THAWED", FREEZE_SECONDS)
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
