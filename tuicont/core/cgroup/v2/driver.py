"""The driver for the v2 hierarchy: one directory a group, and controllers enabled down to it.

Knows no container. A controller that the host cannot give us is passed over here and becomes an error when a
limit needs it.
"""

from __future__ import annotations

import contextlib
import errno
from functools import cached_property
from typing import TYPE_CHECKING

from tuicont.core.cgroup.base import Placement
from tuicont.core.cgroup.detect import Layout
from tuicont.core.cgroup.driver import HierarchyDriver
from tuicont.core.cgroup.naming import SHIMS, check_name, parents_below
from tuicont.core.cgroup.tree import make_path
from tuicont.core.cgroup.v2 import freezing
from tuicont.core.model.probe import Probe
from tuicont.core.sys.kernel import Kernel

if TYPE_CHECKING:
    from tuicont.core.cgroup.v2.group import V2Group


class V2Driver(HierarchyDriver["V2Group"]):
    """A `CgroupDriver` on the v2 hierarchy."""

    name = "cgroupfs-v2"

    def __init__(self, kernel: Kernel, layout: Layout, parent: str, root: str) -> None:
        self._mount = layout.unified
        self._read_only = layout.unified in layout.read_only
        self._path = parent
        self._parent = f"{layout.unified}/{parent}"
        super().__init__(kernel, root)

    @property
    def holders(self) -> tuple[str, ...]:
        return (self._parent,)

    @cached_property
    def _names(self) -> tuple[str, ...]:
        """Of the controllers that a group has only when they are enabled above it."""
        from tuicont.core.cgroup.v2.group import ENABLED

        return tuple(sorted(controller.name for controller in ENABLED))

    def probe(self) -> Probe:
        reason = "mounted read-only" if self._read_only else ""
        if not self._mount:
            reason = "no cgroup v2 file system is mounted"
        have = self._kernel.read(f"{self._mount}/cgroup.controllers").decode().split() if self._mount else []
        absent = " ".join(name for name in self._names if name not in have)
        detail = f"controllers: {' '.join(have) or 'none'}" + (f"; limits without: {absent}" if absent else "")
        return Probe(group="cgroup", name=self.name, supported=not reason, reason=reason, detail=detail)

    def open(self, group: str) -> V2Group:
        from tuicont.core.cgroup.v2.group import V2Group

        check_name("open a cgroup", group)
        return V2Group(self._kernel, group, self._parent)

    def begin_directories(self, group: V2Group) -> None:
        self.make_directories(group.name, group.directories)

    def finish_directories(self, group: V2Group) -> None:
        """No others."""

    def await_empty(self, group: str, seconds: float) -> None:
        with contextlib.suppress(OSError):
            freezing.await_empty(self._kernel, f"{self._parent}/{group}", seconds)

    def frozen(self, group: str) -> bool:
        try:
            return freezing.is_asked_to_freeze(self._kernel, f"{self._parent}/{group}")
        except OSError:
            return False

    def shim_placement(self) -> Placement:
        directory = f"{self._parent}/{SHIMS}"
        if not self._kernel.exists(directory):
            make_path(self._kernel, self._mount, f"{self._path}/{SHIMS}")
        return Placement(clone_into=directory)

    def prepare_holders(self) -> None:
        """Make the parent and let its groups use the controllers."""
        make_path(self._kernel, self._mount, self._path)
        for directory in (self._mount, *parents_below(self._mount, self._path)):
            self._enable(directory)

    def _enable(self, directory: str) -> None:
        available = self._kernel.read(f"{directory}/cgroup.controllers").decode().split()
        path = f"{directory}/cgroup.subtree_control"
        enabled = self._kernel.read(path).decode().split()
        absent = [name for name in self._names if name in available and name not in enabled]
        for names in (absent, *([name] for name in absent)):
            if not names:
                return
            try:
                self._kernel.write(path, " ".join(f"+{name}" for name in names).encode())
            except OSError as error:
                # EBUSY: processes are in the directory itself; EINVAL: a real-time task blocks cpu; ENOENT: an older
                # kernel's way to say "not here". Then each one is tried alone, and what fails stays off.
                if error.errno not in (errno.EBUSY, errno.EINVAL, errno.ENOENT, errno.EOPNOTSUPP):
                    raise
            else:
                if names is absent:
                    return
