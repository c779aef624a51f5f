"""What the groups of both versions do alike, in terms of their controllers.

Knows no controller by name, and not where its files are: that is what each version says.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, ClassVar

from tuicont.core.cgroup.base import Undo
from tuicont.core.cgroup.controller import Controller, Place
from tuicont.core.cgroup.counters import Source
from tuicont.core.cgroup.listing import files
from tuicont.core.cgroup.settings import Step, carry_out, missing, setting
from tuicont.core.cgroup.tree import GONE, members
from tuicont.core.errors import Conflict, kernel_error
from tuicont.core.model.container import CgroupFile
from tuicont.core.model.resources import Resources
from tuicont.core.sys.kernel import Kernel

if TYPE_CHECKING:
    from tuicont.core.cgroup.sampling import FileSampler

FREEZE_SECONDS = 2.0


class DirectoryGroup(ABC):
    """The part of a `Cgroup` that is the same for v1 and v2. `directories` are the group's, `tracking` the one of them
    that says who is in it."""

    controllers: ClassVar[tuple[Controller, ...]]

    def __init__(self, kernel: Kernel, name: str, directories: tuple[str, ...], tracking: str) -> None:
        self.name = name
        self.directories = directories
        self._kernel = kernel
        self._tracking = tracking

    @abstractmethod
    def parent(self, controller: str) -> str:
        """The directory that holds the groups for a controller; "" where the host has none."""

    @abstractmethod
    def _signal(self, signal: int) -> int:
        """Send it to every process of the group; how many it reached. Raises `OSError`."""

    @abstractmethod
    def _set_frozen(self, operation: str, frozen: bool) -> bool:
        """Freeze or thaw; whether the kernel confirms it within `FREEZE_SECONDS`."""

    def apply(self, resources: Resources) -> Undo:
        """See `Cgroup`."""
        if not self._kernel.exists(self._tracking):
            raise missing(setting(self.name), self.name)
        return carry_out(self._kernel, self.name, self._steps(resources, new=False), undo=True)

    def apply_new(self, resources: Resources) -> None:
        """`apply` for a group that has just been made: what its files hold is known, and failure is the end of it."""
        carry_out(self._kernel, self.name, self._steps(resources, new=True), undo=False)

    def processes(self) -> tuple[int, ...]:
        """See `Cgroup`."""
        return members(self._kernel, self._tracking)

    def kill(self, signal: int) -> int:
        """See `Cgroup`."""
        for last in (False, True):
            try:
                return self._signal(signal)
            except OSError as error:
                if not self._kernel.exists(self._tracking):
                    break
                # One may have been removed, and another made by its name since: that one is then meant as well.
                if last or error.errno not in GONE:
                    raise kernel_error(f"kill {self.name}", f"signal {signal}", error) from error
        return 0

    def freeze(self) -> None:
        """See `Cgroup`."""
        operation = f"freeze {self.name}"
        if not self._set_frozen(operation, True):
            self._set_frozen(operation, False)
            raise Conflict(operation, f"not every process stopped within {FREEZE_SECONDS:g} s; thawed again")

    def thaw(self) -> None:
        """See `Cgroup`."""
        operation = f"thaw {self.name}"
        if not self._set_frozen(operation, False):
            raise Conflict(operation, "the group above it is frozen")

    def sampler(self) -> FileSampler:
        """See `Cgroup`."""
        from tuicont.core.cgroup.sampling import FileSampler  # here, as most verbs take no sample

        return FileSampler(self.sources())

    def sources(self, names: Iterable[str] | None = None) -> Iterator[tuple[str, Source]]:
        """(path, what to take from it) of all controllers, or of those named, as far as this host has them."""
        for controller in self.controllers:
            parent = self.parent(controller.name)
            if parent and (names is None or controller.name in names):
                for source in controller.sources:
                    yield f"{parent}/{self.name}/{source.file}", source

    def files(self) -> tuple[CgroupFile, ...]:
        """See `Cgroup`."""
        meanings = {file: meaning for c in self.controllers for file, meaning in c.meanings.items()}
        return tuple(file for directory in self.directories for file in files(self._kernel, directory, meanings))

    def _steps(self, resources: Resources, *, new: bool) -> list[Step]:
        """All of them, so that what is refused in advance is refused before anything is done."""
        place = Place(self._kernel, self.name, self.parent, new=new)
        steps: list[Step] = []
        for controller in self.controllers:
            if controller.steps is not None:
                steps += controller.steps(place, resources)
        return steps
