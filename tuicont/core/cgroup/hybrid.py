"""The driver for hybrid hosts: v1 hierarchies for limits and accounting, one v2 directory beside them for
freezing, killing and pressure, which v1 does worse or not at all.

Composes the two drivers and adds nothing of its own but who does what.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from tuicont.core.cgroup.base import Placement, Undo
from tuicont.core.cgroup.detect import Layout
from tuicont.core.cgroup.driver import MakingDriver
from tuicont.core.cgroup.naming import check_name
from tuicont.core.cgroup.removal import remove_group
from tuicont.core.cgroup.v1.driver import V1Driver
from tuicont.core.cgroup.v2.driver import V2Driver
from tuicont.core.errors import EngineError
from tuicont.core.model.container import CgroupFile
from tuicont.core.model.probe import Probe
from tuicont.core.model.resources import Resources
from tuicont.core.sys.kernel import Kernel

if TYPE_CHECKING:
    from tuicont.core.cgroup.sampling import FileSampler
    from tuicont.core.cgroup.v1.group import V1Group
    from tuicont.core.cgroup.v2.group import V2Group

_NOT_COUNTED_ON_V1 = frozenset({"cpuacct"})
_COUNTED_ON_V2 = frozenset({"core"})


class HybridGroup:
    """A `Cgroup` that is a v1 group and a v2 group."""

    def __init__(self, v1: V1Group, v2: V2Group) -> None:
        self.name = v1.name
        self.v1 = v1
        self.v2 = v2

    @property
    def placement(self) -> Placement:
        return Placement(clone_into=self.v2.directory, enter=self.v1.directories)

    def apply(self, resources: Resources) -> Undo:
        return self.v1.apply(resources)

    def apply_new(self, resources: Resources) -> None:
        self.v1.apply_new(resources)

    def processes(self) -> tuple[int, ...]:
        return self.v2.processes()

    def freeze(self) -> None:
        self.v2.freeze()

    def thaw(self) -> None:
        self.v2.thaw()

    def kill(self, signal: int) -> int:
        return self.v2.kill(signal)

    def sampler(self) -> FileSampler:
        from tuicont.core.cgroup.sampling import FileSampler

        v1 = {controller.name for controller in self.v1.controllers} - _NOT_COUNTED_ON_V1
        return FileSampler((*self.v1.sources(v1), *self.v2.sources(_COUNTED_ON_V2)))

    def files(self) -> tuple[CgroupFile, ...]:
        return self.v1.files() + self.v2.files()


class HybridDriver(MakingDriver[HybridGroup]):
    """A `CgroupDriver` on v1 hierarchies and a v2 one."""

    name = "cgroupfs-hybrid"

    def __init__(self, kernel: Kernel, layout: Layout, parent: str, root: str) -> None:
        self._kernel = kernel
        # A group in a hierarchy costs some 100 µs of a container's life, and the v1 freezer would have nothing to do.
        self._v1 = V1Driver(kernel, layout, parent, root, without=("freezer",))
        self._v2 = V2Driver(kernel, layout, parent, root)

    def probe(self) -> Probe:
        v1, v2 = self._v1.probe(), self._v2.probe()
        reason = "; ".join(part.reason for part in (v1, v2) if part.reason)
        return Probe(group="cgroup", name=self.name, supported=not reason, reason=reason, detail=f"v1 {v1.detail}")

    def open(self, group: str) -> HybridGroup:
        return HybridGroup(self._v1.open(group), self._v2.open(group))

    def begin_directories(self, group: HybridGroup) -> None:
        self._v2.begin_directories(group.v2)

    def finish_directories(self, group: HybridGroup) -> None:
        try:
            self._v1.finish_directories(group.v1)
        except EngineError:
            with contextlib.suppress(EngineError):
                self._v2.remove(group.name)
            raise

    def remove(self, group: str) -> None:
        check_name(f"remove the cgroup of {group}", group)
        directories = (*self._v2.directories(group), *self._v1.directories(group))
        remove_group(self._kernel, group, directories, lambda s: self._v2.await_empty(group, s))

    def groups(self) -> tuple[str, ...]:
        return tuple(sorted({*self._v1.groups(), *self._v2.groups()}))

    def frozen(self, group: str) -> bool:
        return self._v2.frozen(group)

    def shim_placement(self) -> Placement:
        return self._v2.shim_placement()
