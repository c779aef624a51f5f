"""What a failed birth is called: the shim's report and the plan turned into one of the engine's errors. Pure."""

from __future__ import annotations

import errno

from tuicont.core.errors import CommandNotExecutable, CommandNotFound, EngineError, KernelError, errno_text
from tuicont.core.runtime import ops
from tuicont.core.shim import failure as shim
from tuicont.core.shim.wire import Failed, Stage


def failure(operation: str, plan: ops.Plan, report: Failed) -> EngineError:
    """The error to raise. `operation` is what was wanted ("start 1f2e…"); of the plan only the end need be known, which
    is all that is left of it for who starts what another has created."""
    failed = _operation_of(plan, report)
    if report.stage != Stage.OPERATION or failed is None or report.errno == errno.ECANCELED:
        return shim.failure(operation, report, _step(report, failed))
    if isinstance(failed, ops.Execute):
        return _execution(operation, failed, report.errno)
    cause = f"{failed.describe()}: {errno_text(report.errno)}"
    return shim.kernel(operation, cause, report.errno, _step(report, failed), failed.hint(report.errno))


def _operation_of(plan: ops.Plan, report: Failed) -> ops.Operation | None:
    known = report.index - max(0, report.operations - len(plan))
    return plan[known] if 0 <= known < len(plan) else None


def _step(report: Failed, failed: ops.Operation | None) -> str:
    if report.stage not in (Stage.OPERATION, Stage.SILENT_DEATH, Stage.DEADLINE):
        return ""
    if report.index < 0:
        return "before the first operation"
    number = f"operation {report.index + 1} of {report.operations}"
    return f"{failed.part}, {number}" if failed is not None and failed.part else number


def _execution(operation: str, execute: ops.Execute, number: int) -> EngineError:
    command = execute.args[0]
    if number == errno.ENOENT:
        hint = "an interpreter or library that it names may be missing" if "/" in command else ""
        error: KernelError = CommandNotFound(operation, f"command not found: {command}", stage="execve", hint=hint)
    else:
        error = CommandNotExecutable(operation, f"cannot execute {command}: {errno_text(number)}", stage="execve")
    error.errno = number
    return error
