"""The pids controller, the same on v1 and v2: how many tasks there may be
(Documentation/admin-guide/cgroup-v1/pids.rst)."""

from __future__ import annotations

from collections.abc import Iterator

from tuicont.core.cgroup.counters import Field, Form, Slot, Source
from tuicont.core.cgroup.settings import Write
from tuicont.core.model.limits import Limits

SOURCES = (
    Source("pids.current", Form.NUMBER, (Field("", Slot.PIDS),)),
    Source("pids.max", Form.NUMBER, (Field("", Slot.PIDS_LIMIT),)),
)


def writes(directory: str, limits: Limits) -> Iterator[Write]:
    """The write for the number of tasks; below 0 is no limit."""
    if limits.pids is not None:
        yield Write(directory, "pids.max", "max" if limits.pids < 0 else str(limits.pids), "pids")


MEANINGS = {
    "pids.max": "most tasks (processes and threads) the group may have; fork fails beyond it",
    "pids.current": "tasks now",
    "pids.peak": "most tasks there ever were",
    "pids.events": "how often fork was refused",
    "pids.events.local": "how often fork was refused because of this group's own limit",
}
