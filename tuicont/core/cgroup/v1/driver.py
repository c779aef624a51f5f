"""The driver for v1 hierarchies, alone or beside a v2 one: a directory a group in each.

Knows no container.
"""

from __future__ import annotations

from tuicont.core.cgroup.base import Placement
from tuicont.core.cgroup.detect import Layout
from tuicont.core.cgroup.driver import HierarchyDriver
from tuicont.core.cgroup.naming import SHIMS, check_name, parents_below
from tuicont.core.cgroup.tree import make_path
from tuicont.core.cgroup.v1 import cpuset
from tuicont.core.cgroup.v1.group import CONTROLLERS, V1Group
from tuicont.core.model.probe import Probe
from tuicont.core.sys.kernel import Kernel

_NAMES = frozenset(controller.name for controller in CONTROLLERS)


class V1Driver(HierarchyDriver[V1Group]):
    """A `CgroupDriver` on the v1 hierarchies of controllers that it has in its table."""

    name = "cgroupfs-v1"

    def __init__(
        self, kernel: Kernel, layout: Layout, parent: str, root: str, *, without: tuple[str, ...] = ()
    ) -> None:
        self._mounts = {name: mount for name, mount in layout.v1 if name in _NAMES and name not in without}
        self._parents = {name: f"{mount}/{parent}" for name, mount in self._mounts.items()}
        super().__init__(kernel, tuple(dict.fromkeys(self._parents.values())), root)
        self._layout = layout
        self._parent = parent

    def probe(self) -> Probe:
        reason = "" if self._mounts else "no v1 controller is mounted"
        if read_only := set(self._mounts.values()) & set(self._layout.read_only):
            reason = f"mounted read-only: {', '.join(sorted(read_only))}"
        detail = f"controllers: {' '.join(self._mounts)}"
        return Probe(group="cgroup", name=self.name, supported=not reason, reason=reason, detail=detail)

    def open(self, group: str) -> V1Group:
        check_name("open a cgroup", group)
        return V1Group(self._kernel, group, self._parents, self.directories(group))

    def begin_directories(self, group: V1Group) -> None:
        """None: a process enters v1 groups by itself, when they are all made."""

    def finish_directories(self, group: V1Group) -> None:
        self.make_directories(group.name, group.directories)

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
            mount = self._mounts["cpuset"]
            cpuset.prepare_parent(self._kernel, mount, parents_below(mount, self._parent))
