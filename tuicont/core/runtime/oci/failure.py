"""What an OCI runtime says when it fails, as one of the engine's errors."""

from __future__ import annotations

import re

import msgspec

from tuicont.core.errors import CommandNotExecutable, CommandNotFound, EngineError, KernelError
from tuicont.core.runtime import ops
from tuicont.core.runtime.oci.flavours import Flavour
from tuicont.core.runtime.ops.failure import failure as of_operation
from tuicont.core.shim.wire import Failed, Stage

_LONGEST = 64 << 10


class _Line(msgspec.Struct):
    level: str = ""
    msg: str = ""


_line = msgspec.json.Decoder(_Line).decode


def failure(operation: str, plan: ops.Plan, log: str, flavour: Flavour, command: str, report: Failed) -> EngineError:
    """The error to raise, in the program's own last words when it was the program that failed. `command` is what the
    container or the process was to execute."""
    said = last_words(log) if report.stage == Stage.RUNTIME else ""
    said = re.sub(rf"^{flavour.program} \w+ failed: ", "", said)
    if not said:
        return of_operation(operation, plan, report)
    cause = f"{flavour.program}: {said}"
    named = cause if command in said else f"{command}: {cause}"
    if flavour.not_found.search(said):
        return CommandNotFound(operation, named)
    if flavour.not_executable.search(said):
        return CommandNotExecutable(operation, named)
    return KernelError(operation, cause)


def last_words(log: str) -> str:
    """The last error in a log of JSON lines; "" when there is none."""
    try:
        with open(log, "rb") as file:
            file.seek(max(0, file.seek(0, 2) - _LONGEST))
            lines = file.read().split(b"\n")
    except FileNotFoundError:
        return ""
    for text in reversed(lines):
        try:
            line = _line(text)
        except msgspec.DecodeError:
            continue
        if line.level in ("error", "fatal"):
            return " ".join(line.msg.split())
    return ""
