"""The pids controller, the same on v1 and v2: how many tasks there may be
(Documentation/admin-guide/cgroup-v1/pids.rst)."""

from __future__ import annotations

from collections.abc import Iterator

from tuicont.core.cgroup.controller import Controller, Place
from tuicont.core.cgroup.counters import Field, Form, Slot, Source
from tuicont.core.cgroup.settings import Write
from tuicont.core.model.resources import Resources


def _steps(place: Place, resources: Resources) -> Iterator[Write]:
    limit = resources.pids.limit
    if limit:
        yield place.write("pids.max", "max" if limit < 0 else str(limit), "pids", limit)


CONTROLLER = Controller(
    "pids",
    steps=_steps,
    sources=(
        Source("pids.current", Form.NUMBER, (Field("", Slot.PIDS),)),
        Source("pids.max", Form.NUMBER, (Field("", Slot.PIDS_LIMIT),)),
    ),
    meanings={
        "pids.max": "most tasks (processes and threads) the group may have; fork fails beyond it",
        "pids.current": "tasks now",
        "pids.peak": "most tasks there ever were",
        "pids.events": "how often fork was refused",
        "pids.events.local": "how often fork was refused because of this group's own limit",
    },
)
