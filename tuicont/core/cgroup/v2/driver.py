"""The driver for the v2 hierarchy: makes, finds and removes one directory a group, and enables controllers
down to it.

Knows no container. A controller that the host cannot give us is passed over here and becomes an error when a
limit needs it.
"""

from __future__ import annotations

import contextlib
import errno

from tuicont.core.cgroup.base import DEFAULT_DEVICES, DeviceRule, Placement
from tuicont.core.cgroup.detect import Layout
from tuicont.core.cgroup.naming import SHIMS, check_name, parents_below
from tuicont.core.cgroup.removal import remove_group
from tuicont.core.cgroup.tree import make_path
from tuicont.core.cgroup.v2 import core
from tuicont.core.cgroup.v2.devices import restrict
from tuicont.core.cgroup.v2.group import V2Group
from tuicont.core.errors import EngineError, kernel_error
from tuicont.core.model.limits import Limits
from tuicont.core.model.probe import Probe
from tuicont.core.sys.kernel import Kernel

CONTROLLERS = ("cpu", "cpuset", "io", "memory", "pids")


class V2Driver:
    """A `CgroupDriver` on the v2 hierarchy."""

    name = "cgroupfs-v2"

    def __init__(self, kernel: Kernel, layout: Layout, parent: str) -> None:
        self._kernel = kernel
        self._mount = layout.unified
        self._read_only = layout.unified in layout.read_only
        self._path = parent
        self._parent = f"{layout.unified}/{parent}"
        self._prepared = False

    def probe(self) -> Probe:
        reason = "mounted read-only" if self._read_only else ""
        if not self._mount:
            reason = "no cgroup v2 file system is mounted"
        have = self._kernel.read(f"{self._mount}/cgroup.controllers").decode().split() if self._mount else []
        absent = " ".join(name for name in CONTROLLERS if name not in have)
        detail = f"controllers: {' '.join(have) or 'none'}" + (f"; limits without: {absent}" if absent else "")
        return Probe(group="cgroup", name=self.name, supported=not reason, reason=reason, detail=detail)

    def prepare(self, group: str) -> None:
        operation = f"create the cgroup of {group}"
        check_name(operation, group)
        try:
            self._make_directory(V2Group(self._kernel, group, self._parent))
        except OSError as error:
            raise kernel_error(operation, f"mkdir {error.filename or group}", error) from error

    def create(
        self,
        group: str,
        limits: Limits,
        devices: tuple[DeviceRule, ...] = DEFAULT_DEVICES,
        *,
        prepared: bool = False,
    ) -> V2Group:
        operation = f"create the cgroup of {group}"
        if not prepared:
            self.prepare(group)
        made = V2Group(self._kernel, group, self._parent)
        try:
            restrict(self._kernel, operation, made.directory, devices)
            made.apply_new(limits)
        except OSError as error:
            self._undo(group)
            raise kernel_error(operation, f"restrict devices: {error.filename}", error) from error
        except BaseException:
            self._undo(group)
            raise
        return made

    def open(self, group: str) -> V2Group:
        check_name("open a cgroup", group)
        return V2Group(self._kernel, group, self._parent)

    def remove(self, group: str) -> None:
        check_name(f"remove the cgroup of {group}", group)
        remove_group(self._kernel, group, (f"{self._parent}/{group}",), lambda s: self.await_empty(group, s))

    def await_empty(self, group: str, seconds: float) -> None:
        """Wait, at most `seconds`, for the last process of the group to be gone."""
        with contextlib.suppress(OSError):
            core.await_event(self._kernel, f"{self._parent}/{group}", "populated", 0, seconds)

    def groups(self) -> tuple[str, ...]:
        try:
            found = self._kernel.directories(self._parent)
        except FileNotFoundError:
            return ()
        return tuple(sorted(set(found) - {SHIMS}))

    def shim_placement(self) -> Placement:
        directory = f"{self._parent}/{SHIMS}"
        if not self._kernel.exists(directory):
            make_path(self._kernel, self._mount, f"{self._path}/{SHIMS}")
        return Placement(clone_into=directory)

    def _make_directory(self, group: V2Group) -> None:
        """mkdir; what a crash left of a group of that name is removed first. Raises `OSError`, or `Conflict` when
        processes are in it."""
        if not self._prepared:
            self._prepare()
        try:
            self._kernel.mkdir(group.directory)
            return
        except FileNotFoundError:
            self._prepare()
        except FileExistsError:
            self.remove(group.name)
        self._kernel.mkdir(group.directory)

    def _prepare(self) -> None:
        """Make the parent and let its groups use the controllers: once, and again when it has vanished."""
        make_path(self._kernel, self._mount, self._path)
        for directory in (self._mount, *parents_below(self._mount, self._path)):
            self._enable(directory)
        self._prepared = True

    def _undo(self, group: str) -> None:
        with contextlib.suppress(EngineError):
            self.remove(group)

    def _enable(self, directory: str) -> None:
        available = self._kernel.read(f"{directory}/cgroup.controllers").decode().split()
        path = f"{directory}/cgroup.subtree_control"
        enabled = self._kernel.read(path).decode().split()
        absent = [name for name in CONTROLLERS if name in available and name not in enabled]
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
