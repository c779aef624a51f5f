"""What a failed start is called: the shim's report and the plan turned into one of the engine's errors. Pure."""

from __future__ import annotations

import errno

from tuicont.core.errors import (
    CommandNotExecutable,
    CommandNotFound,
    Conflict,
    Denied,
    EngineError,
    KernelError,
    errno_text,
)
from tuicont.core.runtime.native import ops
from tuicont.core.runtime.native.describe import describe
from tuicont.core.runtime.native.wire import Failed, Stage

_STAGES = {
    Stage.PLAN: "reading the plan",
    Stage.SHIM_CGROUP: "the shim's cgroup",
    Stage.SOCKET: "the shim's socket",
    Stage.LOG: "opening the log",
    Stage.PIPES: "pipes of the process",
    Stage.CLONE: "clone3",
}
_PARTS: dict[type[ops.Operation], str] = {
    ops.EnterCgroup: "cgroup",
    ops.MountRoot: "root file system",
    ops.PivotRoot: "root file system",
    ops.OpenTree: "mounts",
    ops.Mount: "mounts",
    ops.PlaceTree: "mounts",
    ops.SetMountAttributes: "mounts",
    ops.MakeNode: "device nodes",
    ops.Mask: "hidden paths",
    ops.ReadOnlyPath: "hidden paths",
    ops.SetSysctl: "kernel settings",
    ops.SetRlimit: "resource limits",
    ops.OpenTerminal: "terminal",
    ops.SetIdentity: "identity",
    ops.SetCapabilities: "capabilities",
    ops.LimitBoundingSet: "capabilities",
    ops.InstallSeccomp: "system call filter",
    ops.ChangeDirectory: "working directory",
    ops.EnterNamespaces: "namespaces",
}
_NOT_IN_PROC = "nothing can be mounted inside /proc; the target may be a link of the image that leads there"
_NO_MOUNT_POINT = "/ is no mount point here, as in a plain chroot; bind the directory on itself first"
_HINTS: dict[tuple[type[ops.Operation], int], str] = {
    (ops.SetPropagation, errno.EINVAL): _NO_MOUNT_POINT,
    (ops.MountRoot, errno.EINVAL): "the state root may itself be on overlay; move it to ext4, xfs or btrfs",
    (ops.MountRoot, errno.ENODEV): "this kernel has no overlay file system",
    (ops.MountRoot, errno.ESTALE): "the layers were moved or copied; remove the container and create it anew",
    (ops.OpenTree, errno.ENOENT): "the source of a mount must exist on the host",
    (ops.Mount, errno.ENODEV): "this kernel lacks the file system",
    (ops.Mount, errno.ELOOP): "the image has a link where a file system of the kernel is to be mounted",
    (ops.PlaceTree, errno.ENOTDIR): "a directory can only be mounted on a directory, a file on a file",
    (ops.PlaceTree, errno.EPERM): _NOT_IN_PROC,
    (ops.Mount, errno.EPERM): _NOT_IN_PROC,
    (ops.SetRlimit, errno.EPERM): "raising a hard limit needs CAP_SYS_RESOURCE",
    (ops.SetSysctl, errno.ENOENT): "this kernel has no such setting",
    (ops.SetSysctl, errno.EINVAL): "the kernel refuses the value",
    (ops.EnterCgroup, errno.ENOENT): "the cgroup was removed by another hand",
    (ops.ChangeDirectory, errno.ENOENT): "the working directory is not in the container",
    (ops.SetCapabilities, errno.EPERM): "the engine itself lacks a capability that the container is to have",
}
_CLONE_HINTS = {
    errno.ENOSPC: "too many namespaces: see /proc/sys/user/max_*_namespaces",
    errno.EAGAIN: "the limit of processes is reached",
    errno.ENOMEM: "the container has ended, or memory is short",
    errno.ENOENT: "the cgroup was removed by another hand",
    errno.EBUSY: "the cgroup has controllers enabled for its children",
}


def failure(operation: str, plan: ops.Plan, report: Failed) -> EngineError:
    """The error to raise. `operation` is what was wanted ("start 1f2e…")."""
    if report.stage == Stage.SILENT_DEATH:
        how = f"signal {report.signal}" if report.signal else "no signal"
        return KernelError(operation, f"the process died before reporting ({how})", stage=_step(plan, report.index))
    if report.stage == Stage.PLAN and report.errno == errno.ESRCH:
        return Conflict(operation, "the container's init has ended")
    if report.stage != Stage.OPERATION or not 0 <= report.index < len(plan):
        where = _STAGES.get(Stage(report.stage), "shim")
        hint = _CLONE_HINTS.get(report.errno, "") if report.stage == Stage.CLONE else ""
        return _kernel(operation, f"{where}: {errno_text(report.errno)}", report.errno, "shim", hint)
    failed = plan[report.index]
    if isinstance(failed, ops.Execute):
        return _execution(operation, failed, report.errno)
    if report.errno == errno.ECANCELED:
        return Conflict(operation, "cancelled before an operation", stage=_step(plan, report.index))
    hint = _HINTS.get((type(failed), report.errno), "")
    return _kernel(
        operation, f"{describe(failed)}: {errno_text(report.errno)}", report.errno, _step(plan, report.index), hint
    )


def _step(plan: ops.Plan, index: int) -> str:
    if not 0 <= index < len(plan):
        return "before the first operation"
    number = f"operation {index + 1} of {len(plan)}"
    part = _PARTS.get(type(plan[index]))
    return f"{part}, {number}" if part else number


def _execution(operation: str, execute: ops.Execute, number: int) -> EngineError:
    command = execute.args[0]
    if number == errno.ENOENT:
        hint = "an interpreter or library that it names may be missing" if "/" in command else ""
        error: KernelError = CommandNotFound(operation, f"command not found: {command}", stage="execve", hint=hint)
    else:
        error = CommandNotExecutable(operation, f"cannot execute {command}: {errno_text(number)}", stage="execve")
    error.errno = number
    return error


def _kernel(operation: str, cause: str, number: int, stage: str, hint: str) -> EngineError:
    if number in (errno.EPERM, errno.EACCES):
        return Denied(operation, cause, stage=stage, hint=hint)
    error = KernelError(operation, cause, stage=stage, hint=hint)
    error.errno = number
    return error
