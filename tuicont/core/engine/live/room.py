"""Room for control among this process's open files: sessions and followers of logs are refused before they have all."""

from __future__ import annotations

import resource

from tuicont.core.errors import Conflict
from tuicont.core.sys.descriptors import spare_descriptors, used_descriptors

_CONTROL = 32
"""As many as the largest verb needs at a time, and some."""


def leave_room(operation: str) -> None:
    """See that there is room for one more session. The soft limit is raised where it has to be. Raises `Conflict`."""
    if spare_descriptors(_CONTROL) < _CONTROL:
        cause = f"too many sessions: {used_descriptors()} files are open"
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        raise Conflict(operation, cause, hint=f"close some, or raise the limit of {soft} (ulimit -n)")
