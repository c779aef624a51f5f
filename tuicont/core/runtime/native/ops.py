"""The kernel operations that a container's birth is made of, as frozen values.

Pure. `plan` builds tuples of these, `describe` prints them (the dry run), `encode` packs them for the
shim, and the shim's report names them by their index. Each class is one thing that the init process
does, in order; after `PivotRoot` every path is resolved inside the container's root with
openat2(RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS), so that no link in an image leads out of it.

`code` is the number on the wire. Integers and strings are packed in the order of the fields.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec


class Operation(msgspec.Struct, frozen=True):
    """One step of the plan."""

    code: ClassVar[int] = 0


class EnterCgroup(Operation, frozen=True):
    """Write "0" into `directory`/tasks: v1, before the cgroup namespace is made. Not cgroup.procs: a thread that
    moves only itself spares the kernel the lock of all thread groups (cgroup_procs_write_start in
    kernel/cgroup/cgroup.c), whose first writer after a quiet moment waits 6 ms and more for RCU."""

    code = 1
    directory: str


class SetPropagation(Operation, frozen=True):
    """mount(NULL, path, flags): MS_REC | MS_SLAVE or MS_PRIVATE on the new namespace's "/"."""

    code = 2
    path: str
    flags: int


class Unshare(Operation, frozen=True):
    """unshare(flags), for CLONE_NEWCGROUP once the process is where its root shall be."""

    code = 3
    flags: int


class MountRoot(Operation, frozen=True):
    """Mount the root file system at `target` (a host path), after chdir to `cwd` when it is not empty."""

    code = 4
    cwd: str
    source: str
    target: str
    fstype: str
    options: str
    flags: int


class OpenTree(Operation, frozen=True):
    """open_tree(`source`, OPEN_TREE_CLONE | AT_RECURSIVE if `recursive`) into `slot`, on the host's side of
    pivot_root; `PlaceTree` puts it into the container."""

    code = 5
    slot: int
    source: str
    recursive: bool


class PivotRoot(Operation, frozen=True):
    """chdir(path); pivot_root(".", "."); umount2(".", MNT_DETACH); chdir("/"). Also keeps a descriptor of
    the new root, below which every later path is resolved. Host paths are gone after it."""

    code = 6
    path: str


class Mount(Operation, frozen=True):
    """Mount a new file system on the directory `target`, which is made if it is missing."""

    code = 7
    source: str
    target: str
    fstype: str
    options: str
    flags: int


class PlaceTree(Operation, frozen=True):
    """move_mount of the tree in `slot` to `target` (made if missing: a directory for a directory, else an
    empty file), then mount_setattr(`attributes`, recursive if `recursive`)."""

    code = 8
    slot: int
    target: str
    attributes: int
    recursive: bool


class SetMountAttributes(Operation, frozen=True):
    """mount_setattr on what is mounted at `target`: MOUNT_ATTR_* (mount_setattr(2)); propagation as MS_*."""

    code = 9
    target: str
    attributes: int
    recursive: bool
    propagation: int = 0


class MakeNode(Operation, frozen=True):
    """mknod with exactly `mode` (no umask), owned by uid and gid; parents made; an equal node is kept."""

    code = 10
    path: str
    mode: int
    major: int
    minor: int
    uid: int = 0
    gid: int = 0


class MakeSymlink(Operation, frozen=True):
    """symlink(target, path); one that is there already is kept."""

    code = 11
    target: str
    path: str


class MakeDirectory(Operation, frozen=True):
    """mkdir with its parents; one that is there is kept as it is."""

    code = 12
    path: str
    mode: int


class Mask(Operation, frozen=True):
    """Hide a path: /dev/null over a file, an empty read-only tmpfs over a directory; a missing one is
    skipped (linux.maskedPaths)."""

    code = 13
    path: str


class ReadOnlyPath(Operation, frozen=True):
    """Bind a path onto itself read-only; a missing one is skipped (linux.readonlyPaths)."""

    code = 14
    path: str


class SetHostname(Operation, frozen=True):
    """sethostname(2)."""

    code = 15
    name: str


class SetDomainname(Operation, frozen=True):
    """setdomainname(2)."""

    code = 16
    name: str


class SetSysctl(Operation, frozen=True):
    """Write `value` to /proc/sys/`path` ("net/ipv4/ip_forward"), before /proc/sys becomes read-only."""

    code = 17
    path: str
    value: str


class BringLoopbackUp(Operation, frozen=True):
    """SIOCSIFFLAGS IFF_UP on lo (netdevice(7))."""

    code = 18


class SetRlimit(Operation, frozen=True):
    """setrlimit(2); RLIM_INFINITY is 2**64-1. EPERM is ignored when the limit in force already satisfies
    the one asked for (soft at least as asked, hard at least as asked)."""

    code = 19
    resource: int
    soft: int
    hard: int


class SetOomScoreAdj(Operation, frozen=True):
    """Write /proc/self/oom_score_adj (proc(5))."""

    code = 20
    value: int


class OpenTerminal(Operation, frozen=True):
    """Open a pseudo terminal of the container's own devpts (/dev/pts/ptmx), give its master to the shim, make
    the slave the controlling terminal and stdio, set its size, and bind it over /dev/console if `console`."""

    code = 21
    rows: int
    cols: int
    console: bool


class ConnectStdio(Operation, frozen=True):
    """The shim's pipes (or /dev/null for an input that nobody holds open) become 0, 1 and 2; setsid."""

    code = 22


class JoinSessionKeyring(Operation, frozen=True):
    """keyctl(KEYCTL_JOIN_SESSION_KEYRING, name); ENOSYS and EDQUOT are ignored."""

    code = 23
    name: str


class SetNoNewPrivileges(Operation, frozen=True):
    """prctl(PR_SET_NO_NEW_PRIVS)."""

    code = 24


class LimitBoundingSet(Operation, frozen=True):
    """Drop every capability outside of the mask from the bounding set (capabilities(7))."""

    code = 25
    mask: int


class SetIdentity(Operation, frozen=True):
    """setgroups, setresgid, setresuid with PR_SET_KEEPCAPS; chown of stdio's terminal to uid. `groups` is
    comma-separated."""

    code = 26
    uid: int
    gid: int
    groups: str


class SetCapabilities(Operation, frozen=True):
    """capset, then the ambient set. Masks are bit sets by capability number."""

    code = 27
    effective: int
    permitted: int
    inheritable: int
    ambient: int


class InstallSeccomp(Operation, frozen=True):
    """seccomp(SECCOMP_SET_MODE_FILTER, flags, filter); `filter` is an array of struct sock_filter. After it
    the init makes no call that the profile may refuse but those of `Execute`."""

    code = 28
    filter: bytes
    flags: int


class SetUmask(Operation, frozen=True):
    """umask(2)."""

    code = 29
    mask: int


class ChangeDirectory(Operation, frozen=True):
    """chdir inside the root, as the container's user; `create` makes a missing one (as Docker does for -w)."""

    code = 30
    path: str
    create: bool


class EnterNamespaces(Operation, frozen=True):
    """setns(pidfd of the container's init, flags): exec only; carried out first (pid namespaces by the shim)."""

    code = 31
    flags: int


class Execute(Operation, frozen=True):
    """close_range(3, ~0, CLOSE_RANGE_CLOEXEC) and execve; a name without "/" is looked up in the PATH of
    `env` inside the container. ENOENT means 127, EACCES, ENOEXEC, EISDIR and others 126."""

    code = 32
    args: tuple[str, ...]
    env: tuple[str, ...]


Plan = tuple[Operation, ...]
