"""The driver for v1 hierarchies, alone or beside a v2 one: makes, finds and removes directories in each.

Knows no container. Nothing is asked before it is done: a directory that is missing shows by ENOENT.
"""

from __future__ import annotations

import contextlib

from tuicont.core.cgroup.base import DEFAULT_DEVICES, DeviceRule, Placement
from tuicont.core.cgroup.detect import Layout
from tuicont.core.cgroup.naming import SHIMS, check_name, parents_below
from tuicont.core.cgroup.removal import remove_group
from tuicont.core.cgroup.tree import make_path
from tuicont.core.cgroup.v1 import cpuset
from tuicont.core.cgroup.v1.group import V1Group
from tuicont.core.errors import EngineError, kernel_error
from tuicont.core.model.limits import Limits
from tuicont.core.model.probe import Probe
from tuicont.core.sys.kernel import Kernel


class V1Driver:
    """A `CgroupDriver` on v1 hierarchies."""

    name = "cgroupfs-v1"

    def __init__(self, kernel: Kernel, layout: Layout, parent: str) -> None:
        self._kernel = kernel
        self._layout = layout
        self._parent = parent
        self._parents = {controller: f"{mount}/{parent}" for controller, mount in layout.v1}
        self._holders = tuple(dict.fromkeys(self._parents.values()))
        self._prepared = False

    def probe(self) -> Probe:
        have = [name for name, _ in self._layout.v1]
        reason = "" if have else "no v1 controller is mounted"
        if read_only := {mount for _, mount in self._layout.v1} & set(self._layout.read_only):
            reason = f"mounted read-only: {', '.join(sorted(read_only))}"
        detail = f"controllers: {' '.join(have)}"
        return Probe(group="cgroup", name=self.name, supported=not reason, reason=reason, detail=detail)

    def prepare(self, group: str) -> None:
        """Nothing: a process enters v1 groups by itself, when they are all made."""

    def create(
        self,
        group: str,
        limits: Limits,
        devices: tuple[DeviceRule, ...] = DEFAULT_DEVICES,
        *,
        prepared: bool = False,
    ) -> V1Group:
        operation = f"create the cgroup of {group}"
        check_name(operation, group)
        made = V1Group(self._kernel, group, self._parents)
        try:
            self.make_directories(made)
        except OSError as error:
            self._undo(group)
            raise kernel_error(operation, f"mkdir {error.filename or group}", error) from error
        try:
            made.allow_devices(devices)
            made.apply_new(limits)
        except OSError as error:
            self._undo(group)
            raise kernel_error(operation, f"write {error.filename or group}", error) from error
        except BaseException:
            self._undo(group)
            raise
        return made

    def open(self, group: str) -> V1Group:
        check_name("open a cgroup", group)
        return V1Group(self._kernel, group, self._parents)

    def remove(self, group: str) -> None:
        check_name(f"remove the cgroup of {group}", group)
        remove_group(self._kernel, group, self.directories(group))

    def directories(self, group: str) -> tuple[str, ...]:
        """The group's directory in each hierarchy."""
        return tuple([f"{holder}/{group}" for holder in self._holders])

    def groups(self) -> tuple[str, ...]:
        found: set[str] = set()
        for holder in self._holders:
            with contextlib.suppress(FileNotFoundError):
                found.update(self._kernel.directories(holder))
        found.discard(SHIMS)
        return tuple(sorted(found))

    def shim_placement(self) -> Placement:
        """A directory in the hierarchy by which systemd ends a user's session, where there is one."""
        mount = dict(self._layout.named).get("systemd")
        if mount is None or mount in self._layout.read_only:
            return Placement()
        directory = f"{mount}/{self._parent}/{SHIMS}"
        if not self._kernel.exists(directory):
            make_path(self._kernel, mount, f"{self._parent}/{SHIMS}")
        return Placement(enter=(directory,))

    def make_directories(self, group: V1Group) -> None:
        """mkdir in each hierarchy; what a crash left of a group of that name is removed first. Raises `OSError`,
        or `Conflict` when processes are in it."""
        if not self._prepared:
            self._prepare()
        try:
            for directory in group.directories:
                self._kernel.mkdir(directory)
            return
        except FileNotFoundError:
            self._prepare()
        except FileExistsError:
            pass
        remove_group(self._kernel, group.name, group.directories)
        for directory in group.directories:
            self._kernel.mkdir(directory)

    def _prepare(self) -> None:
        """Make the parents and what the groups inherit from them: once, and again when they have vanished."""
        for mount in dict.fromkeys(mount for _, mount in self._layout.v1):
            make_path(self._kernel, mount, self._parent)
        for controller, mount in self._layout.v1:
            if controller == "cpuset":
                cpuset.prepare_parent(self._kernel, mount, parents_below(mount, self._parent))
        self._prepared = True

    def _undo(self, group: str) -> None:
        with contextlib.suppress(EngineError):
            self.remove(group)
