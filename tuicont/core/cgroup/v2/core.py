"""The files that every v2 group has, controllers or not (Documentation/admin-guide/cgroup-v2.rst, "Core
Interface Files"), and pressure (Documentation/accounting/psi.rst), as a controller."""

from __future__ import annotations

from tuicont.core.cgroup.controller import Controller
from tuicont.core.cgroup.counters import Field, Form, Slot, Source

CONTROLLER = Controller(
    "core",
    sources=(
        Source(
            "cpu.stat",
            Form.KEYED,
            (
                Field("usage_usec", Slot.CPU_NS, 1000),
                Field("user_usec", Slot.CPU_USER_NS, 1000),
                Field("system_usec", Slot.CPU_SYSTEM_NS, 1000),
            ),
        ),
        Source("cpu.pressure", Form.PRESSURE, (Field("", Slot.CPU_PRESSURE),)),
        Source("memory.pressure", Form.PRESSURE, (Field("", Slot.MEMORY_PRESSURE),)),
        Source("io.pressure", Form.PRESSURE, (Field("", Slot.IO_PRESSURE),)),
    ),
    meanings={
        "cgroup.type": "`domain` for processes, `threaded` for groups of single threads",
        "cgroup.procs": "host pids of the processes in it; writing a pid moves that process here",
        "cgroup.threads": "ids of the threads in it",
        "cgroup.controllers": "controllers that this group may use",
        "cgroup.subtree_control": "controllers that groups below may use; `+name` and `-name` change it",
        "cgroup.events": "whether any process is in it or below (populated), and whether all are stopped (frozen)",
        "cgroup.freeze": "writing 1 stops every process in it and below, 0 lets them go on",
        "cgroup.kill": "writing 1 kills every process in it and below, forks included",
        "cgroup.max.depth": "how deep groups below may be nested",
        "cgroup.max.descendants": "how many groups there may be below",
        "cgroup.stat": "groups below, alive and dying",
        "cgroup.stat.local": "microseconds for which this group was frozen",
        "cgroup.pressure": "1: account pressure for this group",
        "cpu.pressure": "percent of time that some or all tasks waited for a processor",
        "memory.pressure": "percent of time that some or all tasks waited for memory",
        "io.pressure": "percent of time that some or all tasks waited for a device",
        "irq.pressure": "percent of time that interrupts kept all tasks from running",
    },
)
