"""The few kinds of error that the engine raises, and the one text they all have.

Knows nothing of containers. Everything above raises one of the categories below; an `OSError` is
translated once, at the edge of a driver, with `kernel_error`.

The text is the same on the command line and in a dialog: lower case, no full stop, at most three
lines::

    cannot start web-1: mount overlay on …/merged: invalid argument (EINVAL)
    stage: root file system · upperdir: …/upper
    hint: upperdir is itself on overlay; move the state root to ext4, xfs or btrfs
"""

from __future__ import annotations

import errno as errno_names
import os
import re
from collections.abc import Mapping

_UNDECODED = re.compile(r"\\udc([89a-f][0-9a-f])")
"""A byte that is not UTF-8 as Python quotes it, which means nothing to anybody else."""


class EngineError(Exception):
    """An operation that did not happen.

    `operation` is what was wanted ("start web-1"), `cause` why it could not be, `stage` the part of
    the work that failed, `values` the arguments worth seeing, `hint` the user's next step.
    """

    def __init__(
        self,
        operation: str,
        cause: str,
        *,
        stage: str = "",
        values: Mapping[str, object] | None = None,
        hint: str = "",
    ) -> None:
        self.operation = operation
        self.cause = cause
        self.stage = stage
        self.values = dict(values or {})
        self.hint = hint
        super().__init__(str(self))

    def __str__(self) -> str:
        lines = [f"cannot {self.operation}: {self.cause}"]
        context = [f"stage: {self.stage}"] if self.stage else []
        context += [f"{name}: {value}" for name, value in self.values.items()]
        if context:
            lines.append(" · ".join(context))
        if self.hint:
            lines.append(f"hint: {self.hint}")
        # A name that somebody else chose must not add a line.
        return _UNDECODED.sub(r"\\x\1", "\n".join("\\n".join(line.splitlines()) for line in lines))


class NotFound(EngineError):
    """What was named does not exist."""


class AlreadyExists(EngineError):
    """What was to be made exists already."""


class Conflict(EngineError):
    """The state of the object, or somebody else's work on it, forbids the operation."""


class Unsupported(EngineError):
    """This kernel, this host or this version cannot do it."""


class Denied(EngineError):
    """The caller lacks the privilege."""


class Invalid(EngineError):
    """The request itself is wrong."""


class KernelError(EngineError):
    """A system call failed; `errno` is its number (0 when it was no system call)."""

    errno: int = 0


class CommandNotFound(KernelError):
    """The container's command is not in its file system (exit code 127)."""


class CommandNotExecutable(KernelError):
    """The container's command is there and cannot be executed (exit code 126)."""


def errno_text(number: int) -> str:
    """`invalid argument (EINVAL)` for 22, as it ends an error's first line."""
    name = errno_names.errorcode.get(number, str(number))
    return f"{os.strerror(number).lower()} ({name})"


NO_ROOM = (errno_names.ENOSPC, errno_names.EDQUOT)
"""What a write to a full disk is refused with: the disk's own end, or a quota's."""


_OF_DISKS = {
    **dict.fromkeys(NO_ROOM, "make room on the disk"),
    errno_names.EROFS: "the file system is mounted read-only",
    errno_names.EIO: "the disk fails: the kernel's log says how",
}


def kernel_error(
    operation: str,
    call: str,
    error: OSError,
    *,
    stage: str = "",
    values: Mapping[str, object] | None = None,
    hint: str = "",
) -> EngineError:
    """Translate an `OSError` of `call` ("mkdir /sys/fs/cgroup/…"): EPERM and EACCES become `Denied`. Without a `hint`
    it says what to do about the disk when it is the disk that refuses."""
    number = error.errno or 0
    hint = hint or _OF_DISKS.get(number, "")
    kind = Denied if number in (errno_names.EPERM, errno_names.EACCES) else KernelError
    translated = kind(operation, f"{call}: {errno_text(number)}", stage=stage, values=values, hint=hint)
    if isinstance(translated, KernelError):
        translated.errno = number
    return translated
