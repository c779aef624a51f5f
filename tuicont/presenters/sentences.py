"""What is said of containers in a sentence: what a removal destroys, and what goes on when the TUI is left. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from tuicont.core.model.container import RemovalLoss
from tuicont.core.model.snapshot import Snapshot
from tuicont.core.model.state import State
from tuicont.text.units import counted, exact_size, plain


def loss_text(names: Sequence[str], losses: Sequence[RemovalLoss]) -> str:
    """`kills 7 processes; 12.0 MB of changes in 40 files are lost`, and who it is about when they are many."""
    processes = sum(loss.processes for loss in losses)
    files = sum(loss.files for loss in losses)
    parts = []
    if processes:
        parts.append(f"kills {counted(processes, 'process', 'processes')}")
    if files:
        size = exact_size(sum(loss.bytes for loss in losses))
        parts.append(f"{size} of changes in {counted(files, 'file')} are lost")
    text = "; ".join(parts)
    if len(names) == 1:
        return text or "nothing runs in it and it changed no file"
    shown = ", ".join(map(plain, names[:8])) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
    return f"{shown}\n{text}" if text else shown


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
