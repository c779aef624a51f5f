"""The part of a plan that builds what a container sees: mounts, nodes, links, hidden paths.

Pure. Answers with operations in two groups, those on the host's side of pivot_root and those inside;
`plan` puts them in order. What many containers have in common is computed once.
"""

from __future__ import annotations

import stat
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec

from tuicont.core.cgroup.base import Placement
from tuicont.core.model.host import CgroupHierarchy
from tuicont.core.runtime import ops
from tuicont.core.runtime.native import mount_options
from tuicont.core.runtime.native.reject import invalid, unsupported
from tuicont.core.runtime.ops import flags as bits

_CGROUP_ATTRIBUTES = bits.MOUNT_ATTR_NOSUID | bits.MOUNT_ATTR_NODEV | bits.MOUNT_ATTR_NOEXEC
_CGROUP_FLAGS = bits.MS_NOSUID | bits.MS_NODEV | bits.MS_NOEXEC
_DEFAULT_NODES: tuple[tuple[str, int, int], ...] = (
    ("/dev/null", 1, 3),
    ("/dev/zero", 1, 5),
    ("/dev/full", 1, 7),
    ("/dev/random", 1, 8),
    ("/dev/urandom", 1, 9),
    ("/dev/tty", 5, 0),
)
_LINKS: tuple[ops.Operation, ...] = (
    ops.MakeSymlink("/proc/self/fd", "/dev/fd"),
    ops.MakeSymlink("/proc/self/fd/0", "/dev/stdin"),
    ops.MakeSymlink("/proc/self/fd/1", "/dev/stdout"),
    ops.MakeSymlink("/proc/self/fd/2", "/dev/stderr"),
    ops.MakeSymlink("/proc/kcore", "/dev/core"),
)
_PTMX = ops.MakeSymlink("pts/ptmx", "/dev/ptmx")
_NODE_TYPES = {"c": stat.S_IFCHR, "u": stat.S_IFCHR, "b": stat.S_IFBLK, "p": stat.S_IFIFO}


class MountPlan(msgspec.Struct, frozen=True):
    """`shared`: trees opened while the host's propagation is still in force. `outside`: trees opened after
    it is cut. `inside`: mounts after pivot_root. `late`: what must follow the nodes (a read-only /dev)."""

    shared: tuple[ops.Operation, ...]
    outside: tuple[ops.Operation, ...]
    inside: tuple[ops.Operation, ...]
    late: tuple[ops.Operation, ...]


def plan_mounts(
    mounts: Sequence[Mapping[str, Any]], placement: Placement, hierarchies: tuple[CgroupHierarchy, ...]
) -> MountPlan:
    """The specification's `mounts`, in their order."""
    shared: list[ops.Operation] = []
    outside: list[ops.Operation] = []
    inside: list[ops.Operation] = []
    late: list[ops.Operation] = []
    slot = 0
    for mount in mounts:
        target, kind = mount["destination"], mount.get("type") or ""
        if not target.startswith("/"):
            raise invalid("mounts", f"has a destination that is not absolute: {target!r}")
        if mount.get("uidMappings") or mount.get("gidMappings"):
            raise unsupported(f"mounts: {target} with id mappings")
        options = mount_options.parse(tuple(mount.get("options") or ()))
        if options.bind or kind in ("bind", "rbind"):
            if options.data:
                raise unsupported(f"mounts: {target} as a bind with option {options.data!r}")
            host_side = shared if options.propagation & ~(bits.MS_PRIVATE | bits.MS_REC) else outside
            host_side.append(ops.OpenTree(slot, mount["source"], options.bind_recursive))
            inside += _placed(slot, target, options)
            slot += 1
        elif kind in ("cgroup", "cgroup2"):
            if target == "/" or options.data:
                raise unsupported(f"mounts: {target} of type {kind} with option {options.data!r}")
            opened, placed = _cgroup(slot, target, options, placement, hierarchies)
            outside += opened
            inside += placed
            slot += len(opened)
        else:
            made, afterwards = _filesystem(mount.get("source") or kind, target, kind, options)
            inside += made
            late += afterwards
    return MountPlan(tuple(shared), tuple(outside), tuple(inside), tuple(late))


def _placed(slot: int, target: str, options: mount_options.MountOptions) -> list[ops.Operation]:
    """A bind mount: attributes of the mount alone, then those of all below it, then propagation."""
    alone, below = options.attributes, options.recursive
    if below and not alone & ~below:
        placed: list[ops.Operation] = [ops.PlaceTree(slot, target, below, True)]
    else:
        placed = [ops.PlaceTree(slot, target, alone, False)]
        if below:
            placed.append(ops.SetMountAttributes(target, below, True))
    if options.propagation & (bits.MS_SLAVE | bits.MS_SHARED | bits.MS_UNBINDABLE):
        recursive = bool(options.propagation & bits.MS_REC)
        placed.append(ops.SetMountAttributes(target, 0, recursive, options.propagation & ~bits.MS_REC))
    return placed


@lru_cache(maxsize=256)
def _filesystem(
    source: str, target: str, kind: str, options: mount_options.MountOptions
) -> tuple[tuple[ops.Operation, ...], tuple[ops.Operation, ...]]:
    """A new file system, and what comes after the device nodes."""
    if not kind:
        raise invalid("mounts", f"has no type for {target}")
    if options.bind_recursive or target == "/":
        raise unsupported(f"mounts: {kind} on {target}")
    flags = options.flags
    late: tuple[ops.Operation, ...] = ()
    if target == "/dev" and flags & bits.MS_RDONLY:
        flags &= ~bits.MS_RDONLY
        late = (ops.SetMountAttributes(target, bits.MOUNT_ATTR_RDONLY, False),)
    made: list[ops.Operation] = [ops.Mount(source, target, kind, options.data, flags)]
    if options.recursive:
        made.append(ops.SetMountAttributes(target, options.recursive, True))
    if options.propagation & ~(bits.MS_PRIVATE | bits.MS_REC):
        made.append(ops.SetMountAttributes(target, 0, False, options.propagation & ~bits.MS_REC))
    return tuple(made), late


def _cgroup(
    slot: int,
    target: str,
    options: mount_options.MountOptions,
    placement: Placement,
    hierarchies: tuple[CgroupHierarchy, ...],
) -> tuple[list[ops.Operation], list[ops.Operation]]:
    """The container's own cgroup directories and no others, at the places of their hierarchies.

    They are bound, not mounted anew: that costs the same (some 6 µs each), is right with and without a
    cgroup namespace, and a hierarchy that the container was not put into cannot show the host's.
    """
    access = bits.MOUNT_ATTR_RDONLY if options.flags & bits.MS_RDONLY else 0
    attributes = _CGROUP_ATTRIBUTES | access
    own = [directory for directory in (*placement.enter, placement.clone_into) if directory]
    unified = next((h for h in hierarchies if h.version == 2 and not placement.enter), None)
    if unified is not None and placement.clone_into:
        return [ops.OpenTree(slot, placement.clone_into, False)], [ops.PlaceTree(slot, target, attributes, False)]
    opened: list[ops.Operation] = []
    placed: list[ops.Operation] = [ops.Mount("cgroup", target, "tmpfs", "mode=755", _CGROUP_FLAGS)]
    for directory in own:
        above = [h for h in hierarchies if directory.startswith(h.mount_point + "/")]
        if not above:
            continue
        name = max(above, key=lambda h: len(h.mount_point)).mount_point.rpartition("/")[2]
        opened.append(ops.OpenTree(slot, directory, False))
        placed.append(ops.PlaceTree(slot, f"{target}/{name}", 0, False))
        placed += [ops.MakeSymlink(name, f"{target}/{part}") for part in name.split(",") if "," in name]
        slot += 1
    placed.append(ops.SetMountAttributes(target, attributes, True))
    return opened, placed


def plan_nodes(mounts: Sequence[Mapping[str, Any]], devices: Sequence[Mapping[str, Any]]) -> tuple[ops.Operation, ...]:
    """Device nodes and the links of /dev; none when /dev is a directory of the host's."""
    over = {mount["destination"]: mount for mount in mounts}
    dev = over.get("/dev")
    if dev is not None and (dev.get("type") == "bind" or {"bind", "rbind"} & set(dev.get("options") or ())):
        return ()
    if not devices:
        return _default_nodes("/dev/pts" in over)
    wanted = {node["path"]: _node(node) for node in devices}
    defaults = [op for op in _default_nodes("/dev/pts" in over) if getattr(op, "path", "") not in wanted]
    return (*wanted.values(), *defaults)


@lru_cache(maxsize=2)
def _default_nodes(ptmx: bool) -> tuple[ops.Operation, ...]:
    nodes = tuple(ops.MakeNode(path, stat.S_IFCHR | 0o666, major, minor) for path, major, minor in _DEFAULT_NODES)
    return (*nodes, *_LINKS, _PTMX) if ptmx else (*nodes, *_LINKS)


def _node(device: Mapping[str, Any]) -> ops.Operation:
    kind = _NODE_TYPES.get(device.get("type", ""))
    if kind is None:
        raise invalid("linux.devices", f"has a node of type {device.get('type')!r}")
    return ops.MakeNode(
        device["path"],
        kind | (device.get("fileMode") or 0o666) & 0o7777,
        device.get("major") or 0,
        device.get("minor") or 0,
        device.get("uid") or 0,
        device.get("gid") or 0,
    )


def plan_hidden(masked: Sequence[str], read_only: Sequence[str]) -> tuple[ops.Operation, ...]:
    """Masked and read-only paths."""
    return _hidden(tuple(masked), tuple(read_only))


@lru_cache(maxsize=16)
def _hidden(masked: tuple[str, ...], read_only: tuple[str, ...]) -> tuple[ops.Operation, ...]:
    for path in (*masked, *read_only):
        if not path.startswith("/"):
            raise invalid("linux.maskedPaths and readonlyPaths", f"have a path that is not absolute: {path!r}")
    return (*(ops.ReadOnlyPath(path) for path in read_only), *(ops.Mask(path) for path in masked))
