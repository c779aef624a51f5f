"""Paths of /proc and /sys that a container neither sees nor changes, as Docker hides them.

Pure tables. Whether a path exists is found out where it is hidden: a missing one is skipped there. Paths that
depend on the machine (each processor's thermal_throttle) are in `HostFacts.masked`.
"""

from __future__ import annotations

MASKED: tuple[str, ...] = (
    "/proc/acpi",
    "/proc/asound",
    "/proc/interrupts",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/sys/devices/virtual/powercap",
    "/sys/firmware",
)
"""Facts of the host that help an attacker (timings, key names, power readings) or reach its memory."""

READ_ONLY: tuple[str, ...] = (
    "/proc/bus",
    "/proc/fs",
    "/proc/irq",
    "/proc/sys",
    "/proc/sysrq-trigger",
)
"""Switches of the kernel that are not namespaced."""
