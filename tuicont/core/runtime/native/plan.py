"""From an OCI runtime specification to the operations that carry it out, in order.

Pure: nothing is touched, and what depends on the host is passed in. The order is the point of this module:

1. on the host's side: cgroups entered (v1), the cgroup namespace made from there, host trees that are to be
   seen inside opened, propagation cut, the root file system mounted;
2. `PivotRoot`, after which no path of the host is left;
3. inside, still with every privilege: mounts, nodes, links, terminal, names, settings, hidden paths, and the
   root made read-only last;
4. limits, keyring, bounding set, filter, identity, capabilities, working directory;
5. `Execute`, once, last.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tuicont.core.cgroup.base import Placement
from tuicont.core.model.host import HostFacts
from tuicont.core.runtime import ops
from tuicont.core.runtime.native import mount_options
from tuicont.core.runtime.native.plan_mounts import plan_hidden, plan_mounts, plan_nodes
from tuicont.core.runtime.native.plan_process import FilterCompiler, plan_process, plan_stdio
from tuicont.core.runtime.native.reject import invalid, reject, reject_process
from tuicont.core.runtime.ops import flags as bits
from tuicont.core.security import sysctls
from tuicont.core.storage.base import RootMount

_KINDS = {
    "mount": bits.CLONE_NEWNS,
    "cgroup": bits.CLONE_NEWCGROUP,
    "uts": bits.CLONE_NEWUTS,
    "ipc": bits.CLONE_NEWIPC,
    "pid": bits.CLONE_NEWPID,
    "network": bits.CLONE_NEWNET,
}
_CUT_PROPAGATION = ops.SetPropagation("/", bits.MS_REC | bits.MS_PRIVATE)
_OWN_CGROUP = ops.Unshare(bits.CLONE_NEWCGROUP)
_LOOPBACK = ops.BringLoopbackUp()
_ROOT_READ_ONLY = ops.SetMountAttributes("/", bits.MOUNT_ATTR_RDONLY, False)
_AWAIT_START = ops.AwaitStart()
_PLACE_NOWHERE = Placement()
_ANY_HOST = HostFacts()


def namespace_flags(spec: Mapping[str, Any]) -> int:
    """CLONE_NEW* of every namespace that the container has of its own."""
    flags = 0
    for namespace in (spec.get("linux") or {}).get("namespaces") or ():
        flags |= _KINDS[namespace["type"]]
    return flags


def clone_flags(spec: Mapping[str, Any]) -> int:
    """The namespaces that clone3 makes: all but the cgroup namespace, whose root is the cgroup that its maker
    is in, so that the plan makes it once the init is in the container's."""
    return namespace_flags(spec) & ~bits.CLONE_NEWCGROUP


def container_plan(
    spec: Mapping[str, Any],
    *,
    root_mounts: tuple[RootMount, ...] = (),
    root_target: str,
    placement: Placement = _PLACE_NOWHERE,
    host: HostFacts = _ANY_HOST,
    compile_filter: FilterCompiler | None = None,
    create: bool = False,
) -> ops.Plan:
    """The birth of a container, which waits to be started when it is only to `create` it. `root_mounts` are made at
    `root_target`, an empty directory of the host; without any, the specification's `root.path` is bound there. Raises
    `Unsupported` for what we cannot do and `Invalid` for what the specification does not allow, naming the field."""
    reject(spec)
    process, linux, mounts = spec["process"], spec.get("linux") or {}, spec.get("mounts") or ()
    flags = namespace_flags(spec)
    mounted = plan_mounts(mounts, placement, host.hierarchies)
    plan: list[ops.Operation] = [ops.EnterCgroup(directory) for directory in placement.enter]
    if flags & bits.CLONE_NEWCGROUP:
        plan.append(_OWN_CGROUP)
    if process.get("oomScoreAdj") is not None:
        plan.append(ops.SetOomScoreAdj(process["oomScoreAdj"]))
    plan += mounted.shared
    plan.append(_CUT_PROPAGATION)
    plan += mounted.outside
    plan += _root(spec, root_mounts, root_target)
    plan.append(ops.PivotRoot(root_target))
    plan += mounted.inside
    plan += plan_nodes(mounts, linux.get("devices") or ())
    plan += mounted.late
    plan.append(plan_stdio(process, console=True))
    plan += _names_and_settings(spec, linux, flags)
    if process["cwd"] != "/":
        plan.append(ops.MakeDirectory(process["cwd"], 0o755))
    plan += plan_hidden(linux.get("maskedPaths") or (), linux.get("readonlyPaths") or ())
    propagation = mount_options.PROPAGATION.get(linux.get("rootfsPropagation") or "", 0)
    if propagation & (bits.MS_SHARED | bits.MS_UNBINDABLE):
        recursive = bool(propagation & bits.MS_REC)
        plan.append(ops.SetMountAttributes("/", 0, recursive, propagation & ~bits.MS_REC))
    if spec["root"].get("readonly"):
        plan.append(_ROOT_READ_ONLY)
    if create:
        plan.append(_AWAIT_START)
    plan += plan_process(process, linux.get("seccomp"), host.capabilities, compile_filter)
    return tuple(plan)


def command_plan(
    spec: Mapping[str, Any], *, host: HostFacts = _ANY_HOST, compile_filter: FilterCompiler | None = None
) -> ops.Plan:
    """What is left of a birth once the container is created: the end of its plan."""
    return plan_process(spec["process"], (spec.get("linux") or {}).get("seccomp"), host.capabilities, compile_filter)


def exec_plan(
    process: Mapping[str, Any],
    spec: Mapping[str, Any],
    placement: Placement = _PLACE_NOWHERE,
    *,
    host: HostFacts = _ANY_HOST,
    compile_filter: FilterCompiler | None = None,
) -> ops.Plan:
    """One more process in the container that `spec` describes. The shim enters its pid namespace."""
    reject_process(process)
    linux = spec.get("linux") or {}
    plan: list[ops.Operation] = [ops.EnterCgroup(directory) for directory in placement.enter]
    if process.get("oomScoreAdj") is not None:
        plan.append(ops.SetOomScoreAdj(process["oomScoreAdj"]))
    plan.append(ops.EnterNamespaces(namespace_flags(spec) & ~bits.CLONE_NEWPID))
    plan.append(plan_stdio(process, console=False))
    plan += plan_process(process, linux.get("seccomp"), host.capabilities, compile_filter)
    return tuple(plan)


def _root(spec: Mapping[str, Any], root_mounts: tuple[RootMount, ...], target: str) -> tuple[ops.Operation, ...]:
    if not root_mounts:
        flags = bits.MS_BIND | bits.MS_REC
        return (ops.MountRoot("", spec["root"]["path"], target, "", "", flags),)
    return tuple(
        ops.MountRoot(mount.cwd, mount.source, target, mount.fstype, mount.options, mount.flags)
        for mount in root_mounts
    )


def _names_and_settings(spec: Mapping[str, Any], linux: Mapping[str, Any], flags: int) -> list[ops.Operation]:
    found: list[ops.Operation] = []
    for field, operation in (("hostname", ops.SetHostname), ("domainname", ops.SetDomainname)):
        if spec.get(field):
            if not flags & bits.CLONE_NEWUTS:
                raise invalid(field, "needs a uts namespace of the container's own")
            found.append(operation(spec[field]))
    if flags & bits.CLONE_NEWNET:
        found.append(_LOOPBACK)
    found += [ops.SetSysctl(sysctls.path(name), value) for name, value in (linux.get("sysctl") or {}).items()]
    return found
