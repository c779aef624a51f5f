"""Signalling every process of a group without ever reaching a process outside of it.

Knows nothing of freezing. No more are held at once than descriptors can be spared for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice

from tuicont.core.sys.kernel import Kernel

_HELD_AT_ONCE = 256


def signal_members(kernel: Kernel, members: Callable[[], Iterable[int]], number: int) -> int:
    """Send signal `number` to every process that `members()` lists. How many it reached."""
    reached = 0
    pending = iter(members())
    while batch := list(islice(pending, _HELD_AT_ONCE)):
        reached += kernel.signal(batch, number, members)
    return reached
