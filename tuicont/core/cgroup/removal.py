"""Removing a group's directories, however many hierarchies they are in.

Knows no controller. Processes that were killed or reaped a moment ago may still be counted: the kernel
refuses rmdir with EBUSY until it has switched away from the last of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tuicont.core.cgroup.tree import members, pauses, remove
from tuicont.core.errors import Conflict, kernel_error
from tuicont.core.sys.kernel import Kernel

REMOVE_SECONDS = 1.0


def remove_group(kernel: Kernel, group: str, directories: Iterable[str], await_empty: Callable[[float], None]) -> None:
    """Remove the directories and what is below them. When one is busy, `await_empty(seconds)` (a wait that the
    kernel ends, where there is one) goes first, then short pauses. Raises `Conflict` after about a second."""
    operation = f"remove the cgroup of {group}"
    try:
        left = [directory for directory in directories if not remove(kernel, directory)]
        if not left:
            return
        await_empty(REMOVE_SECONDS)
        for _ in pauses(REMOVE_SECONDS):
            left = [directory for directory in left if not remove(kernel, directory)]
            if not left:
                return
        pids = tuple(dict.fromkeys(pid for directory in left for pid in members(kernel, directory)))
    except OSError as error:
        raise kernel_error(operation, f"rmdir {error.filename or group}", error) from error
    few = " ".join(map(str, pids[:8])) + (" …" if len(pids) > 8 else "")
    raise Conflict(operation, "processes are in it", values={"pids": few or "(none seen)"}, hint="kill them first")
