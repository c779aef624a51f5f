"""Operations on cgroups and namespaces, and on what belongs to a namespace as a whole: its names, its settings."""

from __future__ import annotations

import errno

from tuicont.core.runtime.ops.base import Operation
from tuicont.core.runtime.ops.flags import namespace_names


class EnterCgroup(Operation, frozen=True):
    """Write "0" into `directory`/tasks: v1, before the cgroup namespace is made. Not cgroup.procs: a thread that
    moves only itself spares the kernel the lock of all thread groups (cgroup_procs_write_start in
    kernel/cgroup/cgroup.c), whose first writer after a quiet moment waits 6 ms and more for RCU."""

    code = 1
    part = "cgroup"
    common = False
    hints = {errno.ENOENT: "the cgroup was removed by another hand"}
    directory: str

    def describe(self) -> str:
        return f"write 0 to {self.directory}/tasks"


class Unshare(Operation, frozen=True):
    """unshare(flags), for CLONE_NEWCGROUP once the process is where its root shall be."""

    code = 3
    flags: int

    def describe(self) -> str:
        return f"unshare {namespace_names(self.flags)}"


class EnterNamespaces(Operation, frozen=True):
    """setns(pidfd of the container's init, flags): exec only; carried out first (pid namespaces by the shim)."""

    code = 31
    part = "namespaces"
    flags: int

    def describe(self) -> str:
        return f"setns {namespace_names(self.flags)}"


class SetHostname(Operation, frozen=True):
    """sethostname(2)."""

    code = 15
    common = False
    name: str

    def describe(self) -> str:
        return f"sethostname {self.name}"


class SetDomainname(Operation, frozen=True):
    """setdomainname(2)."""

    code = 16
    name: str

    def describe(self) -> str:
        return f"setdomainname {self.name}"


class SetSysctl(Operation, frozen=True):
    """Write `value` to /proc/sys/`path` ("net/ipv4/ip_forward"), before /proc/sys becomes read-only."""

    code = 17
    part = "kernel settings"
    hints = {errno.ENOENT: "this kernel has no such setting", errno.EINVAL: "the kernel refuses the value"}
    path: str
    value: str

    def describe(self) -> str:
        return f"write {self.value} to /proc/sys/{self.path}"


class BringLoopbackUp(Operation, frozen=True):
    """SIOCSIFFLAGS IFF_UP on lo (netdevice(7))."""

    code = 18

    def describe(self) -> str:
        return "ioctl SIOCSIFFLAGS lo up"
