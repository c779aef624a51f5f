"""One container's directory in the v2 hierarchy.

Knows which controllers have files there; what a controller does with them is its own module's business.
"""

from __future__ import annotations

import signal as signals
from typing import ClassVar

from tuicont.core.cgroup import pids
from tuicont.core.cgroup.base import Placement
from tuicont.core.cgroup.controller import Controller
from tuicont.core.cgroup.group import FREEZE_SECONDS, DirectoryGroup
from tuicont.core.cgroup.settings import missing
from tuicont.core.cgroup.signals import signal_members
from tuicont.core.cgroup.v2 import core, cpu, cpuset, devices, freezing, io, memory
from tuicont.core.errors import Unsupported, kernel_error
from tuicont.core.sys.kernel import Kernel

ENABLED: tuple[Controller, ...] = (
    memory.CONTROLLER,
    cpu.CONTROLLER,
    pids.CONTROLLER,
    cpuset.CONTROLLER,
    io.CONTROLLER,
)
"""Those that a group has only when they are enabled above it."""
CONTROLLERS: tuple[Controller, ...] = (core.CONTROLLER, *ENABLED, devices.CONTROLLER)
"""In the order in which resources are set."""


class V2Group(DirectoryGroup):
    """A `Cgroup` of the v2 hierarchy. `parent` is the directory that holds the groups."""

    controllers: ClassVar[tuple[Controller, ...]] = CONTROLLERS

    def __init__(self, kernel: Kernel, name: str, parent: str) -> None:
        self.directory = f"{parent}/{name}"
        super().__init__(kernel, name, (self.directory,), self.directory)
        self._parent = parent

    @property
    def placement(self) -> Placement:
        return Placement(clone_into=self.directory)

    def parent(self, controller: str) -> str:
        return self._parent

    def _signal(self, signal: int) -> int:
        return self._kill_all() if signal == signals.SIGKILL else self._signal_all(signal)

    def _set_frozen(self, operation: str, frozen: bool) -> bool:
        try:
            freezing.set_frozen(self._kernel, self.directory, frozen)
            return freezing.await_frozen(self._kernel, self.directory, frozen, FREEZE_SECONDS)
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
            freezing.set_frozen(self._kernel, self.directory, True)
            freezing.await_frozen(self._kernel, self.directory, True, FREEZE_SECONDS)
            count = signal_members(self._kernel, self.processes, signals.SIGKILL)
        # Nothing is left to be frozen, and the next process shall not be.
        freezing.set_frozen(self._kernel, self.directory, False)
        return count

    def _signal_all(self, signal: int) -> int:
        was_frozen = freezing.is_asked_to_freeze(self._kernel, self.directory)
        freezing.set_frozen(self._kernel, self.directory, True)
        try:
            freezing.await_frozen(self._kernel, self.directory, True, FREEZE_SECONDS)
            return signal_members(self._kernel, self.processes, signal)
        finally:
            if not was_frozen:
                freezing.set_frozen(self._kernel, self.directory, False)
