"""The driver for v1 hierarchies, alone or beside a v2 one: a directory a group in each.

Knows no container.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from tuicont.core.cgroup.base import Placement
from tuicont.core.cgroup.detect import Layout
from tuicont.core.cgroup.driver import HierarchyDriver
from tuicont.core.cgroup.naming import SHIMS, check_name, parents_below
from tuicont.core.cgroup.tree import make_path
from tuicont.core.cgroup.v1 import freezing
from tuicont.core.model.probe import Probe
from tuicont.core.sys.kernel import Kernel

if TYPE_CHECKING:
    from tuicont.core.cgroup.v1.group import V1Group


class V1Driver(HierarchyDriver["V1Group"]):
    """A `CgroupDriver` on the v1 hierarchies of controllers that it has in its table."""

    name = "cgroupfs-v1"

    def __init__(
        self, kernel: Kernel, layout: Layout, parent: str, root: str, *, without: tuple[str, ...] = ()
    ) -> None:
        super().__init__(kernel, root)
        self._layout = layout
        self._parent = parent
        self._without = without

    @cached_property
    def _mounts(self) -> Mapping[str, str]:
        from tuicont.core.cgroup.v1.group import CONTROLLERS

        used = {controller.name for controller in CONTROLLERS} - {*self._without}
        return {name: mount for name, mount in self._layout.v1 if name in used}

    @cached_property
    def _parents(self) -> Mapping[str, str]:
        return {name: f"{mount}/{self._parent}" for name, mount in self._mounts.items()}

    @cached_property
    def holders(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self._parents.values()))

    @property
    def places(self) -> tuple[str, ...]:
        """In every hierarchy: to look in one that is not used costs less than to know which are."""
        return tuple(f"{mount}/{self._parent}" for mount in dict.fromkeys(mount for _, mount in self._layout.v1))

    def probe(self) -> Probe:
        reason = "" if self._mounts else "no v1 controller is mounted"
        if read_only := set(self._mounts.values()) & set(self._layout.read_only):
            reason = f"mounted read-only: {', '.join(sorted(read_only))}"
        detail = f"controllers: {' '.join(self._mounts)}"
        return Probe(group="cgroup", name=self.name, supported=not reason, reason=reason, detail=detail)

    def open(self, group: str) -> V1Group:
        from tuicont.core.cgroup.v1.group import V1Group

        check_name("open a cgroup", group)
        return V1Group(self._kernel, group, self._parents, self.directories(group))

    def begin_directories(self, group: V1Group) -> None:
        """None: a process enters v1 groups by itself, when they are all made."""

    def finish_directories(self, group: V1Group) -> None:
        self.make_directories(group.name, group.directories)

    def frozen(self, group: str) -> bool:
        mount = dict(self._layout.v1).get("freezer")
        try:
            return mount is not None and freezing.is_frozen(self._kernel, f"{mount}/{self._parent}/{group}")
        except OSError:
            return False

    def shim_placement(self) -> Placement:
        """A directory in the hierarchy by which systemd ends a user's session, where there is one."""
        mount = dict(self._layout.named).get("systemd")
        if mount is None or mount in self._layout.read_only:
            return Placement()
        directory = f"{mount}/{self._parent}/{SHIMS}"
        if not self._kernel.exists(directory):
            make_path(self._kernel, mount, f"{self._parent}/{SHIMS}")
        return Placement(enter=(directory,))

    def prepare_holders(self) -> None:
        for mount in dict.fromkeys(self._mounts.values()):
            make_path(self._kernel, mount, self._parent)
        if "cpuset" in self._mounts:
            from tuicont.core.cgroup.v1 import cpuset

            mount = self._mounts["cpuset"]
            cpuset.prepare_parent(self._kernel, mount, parents_below(mount, self._parent))
