"""What the host has left, beside what the kernel itself says."""

from __future__ import annotations

import os
from pathlib import Path

from tuicont.core.host.usage import host_usage


def meminfo(name: str) -> int:
    line = next(line for line in Path("/proc/meminfo").read_text().splitlines() if line.startswith(f"{name}:"))
    return int(line.split()[1]) * 1024


def test_it_is_what_the_kernel_says(tmp_path: Path) -> None:
    usage, disk = host_usage(str(tmp_path)), os.statvfs(tmp_path)
    assert usage.memory == meminfo("MemTotal")
    assert abs(usage.memory_available - meminfo("MemAvailable")) < 1 << 30
    assert (usage.swap, usage.disk) == (meminfo("SwapTotal"), disk.f_blocks * disk.f_frsize)
    assert abs(usage.disk_free - disk.f_bavail * disk.f_frsize) < 1 << 30
    assert abs(usage.load[2] - float(Path("/proc/loadavg").read_text().split()[2])) < 0.1
    boot = next(line for line in Path("/proc/stat").read_text().splitlines() if line.startswith("btime "))
    assert abs(usage.booted_ns // 1_000_000_000 - int(boot.split()[1])) <= 1
