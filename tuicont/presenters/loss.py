"""What removing containers destroys, in a sentence. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from tuicont.core.model.container import RemovalLoss
from tuicont.text.units import exact_size


def loss_text(names: Sequence[str], losses: Sequence[RemovalLoss]) -> str:
    """`kills 7 processes; 12.0 MB of changes in 40 files are lost`, and who it is about when they are many."""
    processes = sum(loss.processes for loss in losses)
    files = sum(loss.files for loss in losses)
    parts = []
    if processes:
        parts.append(f"kills {_count(processes, 'process', 'processes')}")
    if files:
        size = exact_size(sum(loss.bytes for loss in losses))
        parts.append(f"{size} of changes in {_count(files, 'file', 'files')} are lost")
    text = "; ".join(parts) or "nothing runs in it and it changed no file" if len(names) == 1 else "; ".join(parts)
    if len(names) > 1:
        shown = ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
        text = f"{shown}\n{text}" if text else shown
    return text


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
