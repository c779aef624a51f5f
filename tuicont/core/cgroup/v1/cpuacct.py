"""The v1 cpuacct controller: processor time used (Documentation/admin-guide/cgroup-v1/cpuacct.rst)."""

from __future__ import annotations

from tuicont.core.cgroup.controller import Controller
from tuicont.core.cgroup.counters import Field, Form, Slot, Source

CONTROLLER = Controller(
    "cpuacct",
    sources=(
        Source("cpuacct.usage", Form.NUMBER, (Field("", Slot.CPU_NS),)),
        Source("cpuacct.usage_user", Form.NUMBER, (Field("", Slot.CPU_USER_NS),)),
        Source("cpuacct.usage_sys", Form.NUMBER, (Field("", Slot.CPU_SYSTEM_NS),)),
    ),
    meanings={
        "cpuacct.usage": "processor time used in all, in nanoseconds",
        "cpuacct.usage_user": "processor time used in user mode, in nanoseconds",
        "cpuacct.usage_sys": "processor time used in the kernel, in nanoseconds",
        "cpuacct.usage_all": "user and kernel time of each processor, in nanoseconds",
        "cpuacct.usage_percpu": "time used on each processor, in nanoseconds",
        "cpuacct.usage_percpu_user": "user-mode time on each processor, in nanoseconds",
        "cpuacct.usage_percpu_sys": "kernel time on each processor, in nanoseconds",
        "cpuacct.stat": "user and kernel time in hundredths of a second",
    },
)
