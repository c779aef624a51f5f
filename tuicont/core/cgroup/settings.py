"""Carrying out the writes that a group's limits are made of: all of them or none.

Knows no controller: each one's module turns limits into `Write`s, this one does them, puts back what was
there before when one fails, and says in the user's words which limit was refused.
"""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from tuicont.core.errors import EngineError, Invalid, NotFound, Unsupported, errno_text, kernel_error
from tuicont.core.host.lists import parse_list
from tuicont.core.model.limits import Limits
from tuicont.core.sys.kernel import Kernel

_REFUSED = (errno.EINVAL, errno.ERANGE, errno.EDOM, errno.EBUSY, errno.EOVERFLOW, errno.ENOSPC)


class Write(NamedTuple):
    """`value` into `file` (a name with its controller's directory); `limit` is the field of `Limits` it stands for."""

    directory: str
    file: str
    value: str
    limit: str


def carry_out(kernel: Kernel, group: str, limits: Limits, writes: Iterable[Write], *, undo: bool) -> None:
    """Do the writes that `limits` came to, in order, once all of them are known. With `undo` the files are read
    before, and written back when one fails; without it (a group that is being made) the caller removes it."""
    done: list[tuple[str, bytes]] = []
    for write in tuple(writes):
        path = f"{write.directory}/{write.file}"
        try:
            before = kernel.read(path) if undo else b""
            kernel.write(path, write.value.encode())
        except OSError as error:
            for earlier, value in reversed(done):
                with contextlib.suppress(OSError):
                    kernel.write(earlier, value.strip())
            raise _refusal(kernel, group, write, getattr(limits, write.limit), error) from error
        done.append((path, before))


def check_list(group: str, limit: str, wanted: str, available: str) -> None:
    """Raise `Invalid` unless the list `wanted` is in the kernel's format and within `available`."""
    operation = f"set limits of {group}"
    try:
        numbers = parse_list(wanted)
    except ValueError as error:
        raise Invalid(operation, f"{limit} {error}", hint="a list such as 0-1,3") from None
    if not numbers or numbers - parse_list(available):
        raise Invalid(operation, f"{limit} {wanted} is outside of this machine", values={"available": available})


def _refusal(kernel: Kernel, group: str, write: Write, asked: object, error: OSError) -> EngineError:
    operation = f"set limits of {group}"
    name = write.limit.replace("_", " ")
    if error.errno in (errno.ENOENT, errno.ENODEV):
        if not kernel.exists(write.directory):
            return missing(operation, group)
        return unsupported(group, write.file.partition(".")[0], {name: asked, "missing": write.file})
    if error.errno in _REFUSED:
        hint = "more is in use now than that, and it cannot be reclaimed" if error.errno == errno.EBUSY else ""
        return Invalid(
            operation,
            f"{name} {asked} is refused: {errno_text(error.errno or 0)}",
            values={"file": f"{write.directory}/{write.file}", "written": write.value},
            hint=hint,
        )
    return kernel_error(operation, f"write {write.value} to {write.directory}/{write.file}", error)


def unsupported(group: str, controller: str, values: Mapping[str, object]) -> Unsupported:
    """The error for a limit whose controller, or whose file of it, this host does not have."""
    return Unsupported(
        f"set limits of {group}",
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
