"""What is said when the TUI is left. Pure."""

from __future__ import annotations

from tuicont.core.model.snapshot import Snapshot
from tuicont.core.model.state import State


def leaving_text(snapshot: Snapshot) -> str:
    """How many containers go on without the TUI, in a line."""
    states = [container.state for container in snapshot.containers]
    running, frozen = states.count(State.RUNNING), states.count(State.PAUSED)
    if not running and not frozen:
        return "no container is running\n"
    total = running + frozen
    text = "1 container goes on running" if total == 1 else f"{total} containers go on running"
    if frozen:
        text += f" ({frozen} frozen)"
    return f"{text}; tuicont ps lists them\n"
