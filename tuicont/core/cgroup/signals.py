"""Signalling every process of a group without ever reaching a process outside of it.

Knows nothing of freezing. A pid alone may be another process by the time that it is signalled: each is
first held by a pidfd (pidfd_open(2)), and only those that the group still lists afterwards get the signal.
"""

from __future__ import annotations

import contextlib
import os
import signal as signals
from collections.abc import Callable, Iterable
from itertools import islice

_HELD_AT_ONCE = 256


def signal_members(members: Callable[[], Iterable[int]], number: int) -> int:
    """Send signal `number` to every process that `members()` lists. How many it reached."""
    reached = 0
    pending = iter(members())
    while batch := list(islice(pending, _HELD_AT_ONCE)):
        held: dict[int, int] = {}
        try:
            for pid in batch:
                with contextlib.suppress(ProcessLookupError):
                    held[pid] = os.pidfd_open(pid)
            for pid in held.keys() & set(members()):
                with contextlib.suppress(ProcessLookupError):
                    signals.pidfd_send_signal(held[pid], number)
                    reached += 1
        finally:
            for fd in held.values():
                os.close(fd)
    return reached
