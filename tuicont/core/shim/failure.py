"""What a process that was not made is called, where that has nothing to do with what it was to do. Pure."""

from __future__ import annotations

import errno

from tuicont.core.errors import Conflict, Denied, EngineError, KernelError, errno_text
from tuicont.core.shim.wire import Failed, Stage

_PLACES = {
    Stage.PLAN: "reading the plan",
    Stage.SHIM_CGROUP: "the shim's cgroup",
    Stage.SOCKET: "the shim's socket",
    Stage.LOG: "opening the log",
    Stage.PIPES: "pipes of the process",
    Stage.CLONE: "clone3",
}
_STATES = {
    errno.ESRCH: "the container's init has ended",
    errno.EBUSY: "the container is being started",
    errno.EALREADY: "the container has been started already",
}
_CLONE_HINTS = {
    errno.ENOSPC: "too many namespaces: see /proc/sys/user/max_*_namespaces",
    errno.EAGAIN: "the limit of processes is reached",
    errno.ENOMEM: "the container has ended, or memory is short",
    errno.ENOENT: "the cgroup was removed by another hand",
    errno.EBUSY: "the cgroup has controllers enabled for its children",
}


def failure(operation: str, report: Failed, step: str = "") -> EngineError:
    """The error to raise. `operation` is what was wanted ("start 1f2e…"), `step` where in its plan the child was."""
    if report.stage == Stage.STATE:
        return Conflict(operation, _STATES.get(report.errno, errno_text(report.errno)))
    if report.stage == Stage.SESSIONS:
        return Conflict(operation, f"too many sessions: {report.code} are open", hint="detach some, or end some execs")
    if report.stage == Stage.SILENT_DEATH:
        how = f"signal {report.signal}" if report.signal else "no signal"
        return KernelError(operation, f"the process died before reporting ({how})", stage=step)
    if report.stage == Stage.DEADLINE:
        hint = "it may be stopped, or hang in a file system that does not answer"
        return kernel(operation, "the process took too long to come to its command", report.errno, step, hint)
    if report.stage == Stage.RUNTIME:
        how = f"was killed by signal {report.signal}" if report.signal else f"ended with {report.code}"
        return KernelError(operation, f"the OCI runtime {how}")
    if report.stage == Stage.ADOPTION:
        return KernelError(operation, f"the OCI runtime left no process: {errno_text(report.errno)}")
    if report.errno == errno.ECANCELED:
        return Conflict(operation, "cancelled before an operation", stage=step)
    place = _PLACES.get(Stage(report.stage), "an operation")
    hint = _CLONE_HINTS.get(report.errno, "") if report.stage == Stage.CLONE else ""
    return kernel(operation, f"{place}: {errno_text(report.errno)}", report.errno, step or "shim", hint)


def kernel(operation: str, cause: str, number: int, stage: str, hint: str) -> EngineError:
    """A failed system call: `Denied` for EPERM and EACCES, else `KernelError` with the errno."""
    if number in (errno.EPERM, errno.EACCES):
        return Denied(operation, cause, stage=stage, hint=hint)
    error = KernelError(operation, cause, stage=stage, hint=hint)
    error.errno = number
    return error
