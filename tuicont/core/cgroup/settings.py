"""Carrying out the steps that a group's resources come to: all of them or none.

Knows no controller: each one's module turns resources into steps, this one does them, puts back what was there
before when one fails, and says in the user's words which limit was refused.
"""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Protocol

import msgspec

from tuicont.core.cgroup.base import Undo
from tuicont.core.errors import EngineError, Invalid, NotFound, Unsupported, errno_text, kernel_error
from tuicont.core.host.lists import parse_list
from tuicont.core.sys.kernel import Kernel

_REFUSED = (errno.EINVAL, errno.ERANGE, errno.EDOM, errno.EBUSY, errno.EOVERFLOW, errno.ENOSPC)


class Step(Protocol):
    """One change of a group."""

    def do(self, kernel: Kernel) -> None:
        """Raises `OSError`."""

    def back(self, kernel: Kernel) -> tuple[Write, ...]:
        """What undoes it, in order; asked before it is done. Raises `OSError`."""

    def refusal(self, kernel: Kernel, group: str, error: OSError) -> EngineError:
        """The error for the user when `do` or `back` has failed."""


class Write(msgspec.Struct, frozen=True, gc=False):
    """Each line of `value` in a write(2) of its own into `file` (a name with its controller's directory). `limit` and
    `asked` say what it stands for, in the words of whoever asked. `undone` are the (file, value) pairs that undo it
    where the file cannot be read; None: what it holds is read and written back."""

    directory: str
    file: str
    value: str
    limit: str
    asked: object
    undone: tuple[tuple[str, str], ...] | None = None

    def do(self, kernel: Kernel) -> None:
        """Write it."""
        path = f"{self.directory}/{self.file}"
        pieces = _pieces(self.value)
        if len(pieces) == 1:
            kernel.write(path, pieces[0])
        else:
            kernel.write_each(path, pieces)

    def back(self, kernel: Kernel) -> tuple[Write, ...]:
        """Writes of what is there now."""
        if self.undone is None:
            before = kernel.read(f"{self.directory}/{self.file}").decode().strip()
            return (msgspec.structs.replace(self, value=before),)
        return tuple(msgspec.structs.replace(self, file=file, value=value) for file, value in self.undone)

    def refusal(self, kernel: Kernel, group: str, error: OSError) -> EngineError:
        """Which limit was refused, or why it could not be written."""
        operation = setting(group)
        if error.errno in (errno.ENOENT, errno.ENODEV):
            if not kernel.exists(self.directory):
                return missing(operation, group)
            return unsupported(group, self.file.partition(".")[0], {self.limit: self.asked, "missing": self.file})
        if error.errno in _REFUSED:
            hint = "more is in use now than that, and it cannot be reclaimed" if error.errno == errno.EBUSY else ""
            return Invalid(
                operation,
                f"{self.limit} {_one_line(self.asked)} is refused: {errno_text(error.errno or 0)}",
                values={"file": f"{self.directory}/{self.file}", "written": _one_line(self.value)},
                hint=hint,
            )
        return kernel_error(operation, f"write {_one_line(self.value)} to {self.directory}/{self.file}", error)


@lru_cache(maxsize=256)
def _pieces(value: str) -> tuple[bytes, ...]:
    # The kernel is not called for a write of nothing; an empty line clears what can be empty.
    return tuple(line.encode() or b"\n" for line in value.split("\n"))


def _one_line(value: object) -> str:
    return str(value).replace("\n", ", ")


def carry_out(kernel: Kernel, group: str, steps: Sequence[Step], *, undo: bool) -> Undo:
    """Do the steps in order. With `undo` they are undone when one fails, that one too, as
    it may have been half done; without it (a group that is being made) the caller removes the group."""
    done: list[Write] = []

    def take_back() -> None:
        for write in reversed(done):
            with contextlib.suppress(OSError):
                write.do(kernel)

    for step in steps:
        try:
            if undo:
                done += reversed(step.back(kernel))
            step.do(kernel)
        except BaseException as error:
            take_back()
            if isinstance(error, OSError):
                raise step.refusal(kernel, group, error) from error
            raise
    return take_back


def check_list(group: str, limit: str, wanted: str, available: str) -> None:
    """Raise `Invalid` unless the list `wanted` is in the kernel's format and within `available`."""
    try:
        numbers = parse_list(wanted)
    except ValueError as error:
        raise Invalid(setting(group), f"{limit} {error}", hint="a list such as 0-1,3") from None
    if not numbers or numbers - parse_list(available):
        raise Invalid(setting(group), f"{limit} {wanted} is outside of this machine", values={"available": available})


def setting(group: str) -> str:
    """The operation, as errors name it."""
    return f"set limits of {group}"


def unsupported(group: str, controller: str, values: Mapping[str, object]) -> Unsupported:
    """The error for a limit whose controller, or whose file of it, this host does not have."""
    return Unsupported(
        setting(group),
        f"this host does not offer containers the {controller} controller in full",
        values=values,
        hint="it is not in the kernel, not mounted, taken by the other cgroup version, or not delegated to us",
    )


def missing(operation: str, group: str) -> NotFound:
    """The error for a group that another hand removed."""
    return NotFound(
        operation,
        "its cgroup is gone",
        values={"cgroup": group},
        hint="another program removed it; a restart makes it anew",
    )
