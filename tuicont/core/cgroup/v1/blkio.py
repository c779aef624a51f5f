"""The v1 blkio controller: bytes and operations by device
(Documentation/admin-guide/cgroup-v1/blkio-controller.rst)."""

from __future__ import annotations

from tuicont.core.cgroup.controller import Controller
from tuicont.core.cgroup.counters import Field, Form, Slot, Source

CONTROLLER = Controller(
    "blkio",
    sources=(
        Source(
            "blkio.throttle.io_service_bytes_recursive",
            Form.DEVICES,
            (Field("Read", Slot.READ_BYTES), Field("Write", Slot.WRITE_BYTES)),
        ),
        Source(
            "blkio.throttle.io_serviced_recursive",
            Form.DEVICES,
            (Field("Read", Slot.READ_OPS), Field("Write", Slot.WRITE_OPS)),
        ),
    ),
    meanings={
        "blkio.throttle.io_service_bytes": "bytes transferred by device and kind",
        "blkio.throttle.io_service_bytes_recursive": "bytes transferred, groups below included",
        "blkio.throttle.io_serviced": "operations by device and kind",
        "blkio.throttle.io_serviced_recursive": "operations, groups below included",
        "blkio.throttle.read_bps_device": "most bytes read a second, by device",
        "blkio.throttle.write_bps_device": "most bytes written a second, by device",
        "blkio.throttle.read_iops_device": "most reads a second, by device",
        "blkio.throttle.write_iops_device": "most writes a second, by device",
        "blkio.bfq.weight": "share of a device under the BFQ scheduler",
        "blkio.bfq.weight_device": "that share by device",
        "blkio.bfq.io_service_bytes": "bytes that the BFQ scheduler served",
        "blkio.bfq.io_service_bytes_recursive": "bytes that the BFQ scheduler served, groups below included",
        "blkio.bfq.io_serviced": "operations that the BFQ scheduler served",
        "blkio.bfq.io_serviced_recursive": "operations that the BFQ scheduler served, groups below included",
        "blkio.reset_stats": "writing here sets the counters to 0",
    },
)
