"""Room for control among this process's open files: sessions and followers of logs are refused before they have all."""

from __future__ import annotations

import os
import resource

from tuicont.core.errors import Conflict

_CONTROL = 32
"""As many as the largest verb needs at a time, and some."""


def leave_room(operation: str) -> None:
    """See that there is room for one more session. The soft limit is raised where it has to be. Raises `Conflict`."""
    used = len(os.listdir("/proc/self/fd"))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or used + _CONTROL <= soft:
        return
    wanted = 2 * used + _CONTROL
    soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if used + _CONTROL > soft:
        cause = f"too many sessions: {used} files are open"
        raise Conflict(operation, cause, hint=f"close some, or raise the limit of {soft} (ulimit -n)")
