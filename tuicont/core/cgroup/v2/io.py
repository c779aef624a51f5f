"""The v2 io controller: bytes and operations by device (Documentation/admin-guide/cgroup-v2.rst, "IO")."""

from __future__ import annotations

from tuicont.core.cgroup.controller import Controller
from tuicont.core.cgroup.counters import Field, Form, Slot, Source

CONTROLLER = Controller(
    "io",
    sources=(
        Source(
            "io.stat",
            Form.DEVICES,
            (
                Field("rbytes", Slot.READ_BYTES),
                Field("wbytes", Slot.WRITE_BYTES),
                Field("rios", Slot.READ_OPS),
                Field("wios", Slot.WRITE_OPS),
            ),
        ),
    ),
    meanings={
        "io.stat": "bytes and operations by device: read (r), written (w), discarded (d)",
        "io.max": "most bytes (bps) and operations (iops) a second, by device",
        "io.weight": "weight against sibling groups when a device is busy; 100 is normal",
        "io.bfq.weight": "the same under the BFQ scheduler",
        "io.latency": "latency to keep up for this group, by device, in microseconds",
        "io.prio.class": "which I/O priority class requests get",
    },
)
