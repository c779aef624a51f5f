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
from tuicont.core.runtime import ops
from tuicont.core.runtime.native.wire import Failed, Stage

_STAGES = {
    Stage.PLAN: "reading the plan",
    Stage.SHIM_CGROUP: "the shim's cgroup",
    Stage.SOCKET: "the shim's socket",
    Stage.LOG: "opening the log",
    Stage.PIPES: "pipes of the process",
    Stage.CLONE: "clone3",
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
    hint = failed.hints.get(report.errno, "")
    cause = f"{failed.describe()}: {errno_text(report.errno)}"
    return _kernel(operation, cause, report.errno, _step(plan, report.index), hint)


def _step(plan: ops.Plan, index: int) -> str:
    if not 0 <= index < len(plan):
        return "before the first operation"
    number = f"operation {index + 1} of {len(plan)}"
    part = plan[index].part
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
