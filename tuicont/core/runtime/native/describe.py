"""One line for each operation of a plan, in the words of the system calls that carry it out.

Pure. The dry run, the explanation of a start and the first line of an error are made of these lines.
"""

from __future__ import annotations

import stat
from collections.abc import Callable
from typing import Any

from tuicont.core.runtime.native import mount_options as mo
from tuicont.core.runtime.native import ops
from tuicont.core.security import capabilities, rlimits

_MOUNT_FLAGS = {
    mo.MS_RDONLY: "ro",
    mo.MS_NOSUID: "nosuid",
    mo.MS_NODEV: "nodev",
    mo.MS_NOEXEC: "noexec",
    mo.MS_SYNCHRONOUS: "sync",
    mo.MS_MANDLOCK: "mand",
    mo.MS_DIRSYNC: "dirsync",
    mo.MS_NOSYMFOLLOW: "nosymfollow",
    mo.MS_NOATIME: "noatime",
    mo.MS_NODIRATIME: "nodiratime",
    mo.MS_BIND: "bind",
    mo.MS_REC: "rec",
    mo.MS_SILENT: "silent",
    mo.MS_RELATIME: "relatime",
    mo.MS_I_VERSION: "iversion",
    mo.MS_STRICTATIME: "strictatime",
    mo.MS_LAZYTIME: "lazytime",
}
_PROPAGATION = {
    mo.MS_REC: "MS_REC",
    mo.MS_PRIVATE: "MS_PRIVATE",
    mo.MS_SLAVE: "MS_SLAVE",
    mo.MS_SHARED: "MS_SHARED",
    mo.MS_UNBINDABLE: "MS_UNBINDABLE",
}
_ATTRIBUTES = {
    mo.MOUNT_ATTR_RDONLY: "ro",
    mo.MOUNT_ATTR_NOSUID: "nosuid",
    mo.MOUNT_ATTR_NODEV: "nodev",
    mo.MOUNT_ATTR_NOEXEC: "noexec",
    mo.MOUNT_ATTR_NOATIME: "noatime",
    mo.MOUNT_ATTR_STRICTATIME: "strictatime",
    mo.MOUNT_ATTR_NODIRATIME: "nodiratime",
    mo.MOUNT_ATTR_NOSYMFOLLOW: "nosymfollow",
}
_NAMESPACES = {
    0x00000080: "CLONE_NEWTIME",
    0x00020000: "CLONE_NEWNS",
    0x02000000: "CLONE_NEWCGROUP",
    0x04000000: "CLONE_NEWUTS",
    0x08000000: "CLONE_NEWIPC",
    0x10000000: "CLONE_NEWUSER",
    0x20000000: "CLONE_NEWPID",
    0x40000000: "CLONE_NEWNET",
}
_SECCOMP = {1: "TSYNC", 2: "LOG", 4: "SPEC_ALLOW"}
_RLIMITS = {number: f"RLIMIT_{name.upper()}" for name, number in rlimits.NUMBERS.items()}
_NODE_KINDS = {stat.S_IFCHR: "c", stat.S_IFBLK: "b", stat.S_IFIFO: "p"}


def describe(operation: ops.Operation) -> str:
    """The line for one operation."""
    return _LINES[type(operation)](operation)


def flag_names(flags: int, names: dict[int, str], separator: str) -> str:
    """Set bits by name; those without one as one hexadecimal number; "0" for none."""
    found = [name for bit, name in names.items() if flags & bit]
    rest = flags & ~sum(bit for bit in names if flags & bit)
    if rest:
        found.append(hex(rest))
    return separator.join(found) or "0"


def namespace_names(flags: int) -> str:
    """`CLONE_NEWNS|CLONE_NEWPID` for the bits of clone(2)."""
    return flag_names(flags, _NAMESPACES, "|")


def _options(flags: int, data: str) -> str:
    named = flag_names(flags, _MOUNT_FLAGS, ",") if flags else ""
    both = ",".join(part for part in (named, data) if part)
    return f" ({both})" if both else ""


def _attributes(operation: ops.PlaceTree | ops.SetMountAttributes) -> str:
    named = flag_names(operation.attributes, _ATTRIBUTES, ",")
    return f"{named}, recursive" if operation.recursive else named


def _mount_root(op: ops.MountRoot) -> str:
    kind = op.fstype or op.source
    inside = f" in {op.cwd}" if op.cwd else ""
    return f"mount {kind} on {op.target}{_options(op.flags, op.options)}{inside}"


def _mount(op: ops.Mount) -> str:
    source = op.fstype if op.source == op.fstype else f"{op.fstype} {op.source}"
    return f"mount {source} on {op.target}{_options(op.flags, op.options)}"


def _set_attributes(op: ops.SetMountAttributes) -> str:
    parts = [_attributes(op)] if op.attributes else []
    if op.propagation:
        parts.append(flag_names(op.propagation, _PROPAGATION, "|") + (", recursive" if op.recursive else ""))
    return f"mount_setattr {op.target} ({', '.join(parts)})"


def _place_tree(op: ops.PlaceTree) -> str:
    attributes = f"; mount_setattr ({_attributes(op)})" if op.attributes else ""
    return f"move_mount tree {op.slot} to {op.target}{attributes}"


def _make_node(op: ops.MakeNode) -> str:
    kind = _NODE_KINDS.get(stat.S_IFMT(op.mode), "?")
    number = "" if kind == "p" else f" {op.major}:{op.minor}"
    return f"mknod {op.path} {kind}{number} {stat.S_IMODE(op.mode):04o}"


def _amount(value: int) -> str:
    return "unlimited" if value == rlimits.INFINITY else str(value)


def _rlimit(op: ops.SetRlimit) -> str:
    name = _RLIMITS.get(op.resource, str(op.resource))
    return f"prlimit {name} soft {_amount(op.soft)} hard {_amount(op.hard)}"


def _terminal(op: ops.OpenTerminal) -> str:
    size = f" {op.cols}x{op.rows}" if op.rows and op.cols else ""
    return f"open /dev/pts/ptmx; ioctl TIOCSCTTY{size}{'; bind on /dev/console' if op.console else ''}"


def _capabilities(bits: int) -> str:
    if bits == capabilities.ALL:
        return "all"
    if bits == capabilities.DEFAULT:
        return "default"
    return ",".join(name.removeprefix("CAP_").lower() for name in capabilities.names(bits)) or "none"


def _capset(op: ops.SetCapabilities) -> str:
    line = f"capset effective {_capabilities(op.effective)}; permitted {_capabilities(op.permitted)}"
    if op.inheritable:
        line += f"; inheritable {_capabilities(op.inheritable)}"
    return f"{line}; prctl ambient {_capabilities(op.ambient)}" if op.ambient else line


def _seccomp(op: ops.InstallSeccomp) -> str:
    flags = f" ({flag_names(op.flags, _SECCOMP, ',')})" if op.flags else ""
    return f"seccomp: install filter, {len(op.filter) // 8} instructions{flags}"


_LINES: dict[type[ops.Operation], Callable[[Any], str]] = {
    ops.EnterCgroup: lambda op: f"write 0 to {op.directory}/cgroup.procs",
    ops.SetPropagation: lambda op: f"mount {op.path} ({flag_names(op.flags, _PROPAGATION, '|')})",
    ops.Unshare: lambda op: f"unshare {namespace_names(op.flags)}",
    ops.MountRoot: _mount_root,
    ops.OpenTree: lambda op: f"open_tree {op.source} (clone{', recursive' if op.recursive else ''}) as tree {op.slot}",
    ops.PivotRoot: lambda op: f"pivot_root to {op.path}; umount2 the old root",
    ops.Mount: _mount,
    ops.PlaceTree: _place_tree,
    ops.SetMountAttributes: _set_attributes,
    ops.MakeNode: _make_node,
    ops.MakeSymlink: lambda op: f"symlink {op.path} to {op.target}",
    ops.MakeDirectory: lambda op: f"mkdir {op.path} {op.mode:04o}",
    ops.Mask: lambda op: f"mask {op.path} with an empty tmpfs or /dev/null",
    ops.ReadOnlyPath: lambda op: f"bind {op.path} onto itself (ro)",
    ops.SetHostname: lambda op: f"sethostname {op.name}",
    ops.SetDomainname: lambda op: f"setdomainname {op.name}",
    ops.SetSysctl: lambda op: f"write {op.value} to /proc/sys/{op.path}",
    ops.BringLoopbackUp: lambda op: "ioctl SIOCSIFFLAGS lo up",
    ops.SetRlimit: _rlimit,
    ops.SetOomScoreAdj: lambda op: f"write {op.value} to /proc/self/oom_score_adj",
    ops.OpenTerminal: _terminal,
    ops.ConnectStdio: lambda op: "dup3 the shim's pipes to 0, 1 and 2",
    ops.JoinSessionKeyring: lambda op: f"keyctl KEYCTL_JOIN_SESSION_KEYRING {op.name or 'anonymous'}",
    ops.SetNoNewPrivileges: lambda op: "prctl PR_SET_NO_NEW_PRIVS",
    ops.LimitBoundingSet: lambda op: f"prctl PR_CAPBSET_DROP all but {_capabilities(op.mask)}",
    ops.SetIdentity: lambda op: f"setgroups {op.groups or 'none'}; setresgid {op.gid}; setresuid {op.uid}",
    ops.SetCapabilities: _capset,
    ops.InstallSeccomp: _seccomp,
    ops.SetUmask: lambda op: f"umask {op.mask:04o}",
    ops.ChangeDirectory: lambda op: f"chdir {op.path}",
    ops.EnterNamespaces: lambda op: f"setns {namespace_names(op.flags)}",
    ops.Execute: lambda op: f"execve {op.args[0]}",
}
