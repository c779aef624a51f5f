"""What the host has left of memory and disk, and how busy it is.

The only user of psutil, which is imported on the first call. Processes of containers are not read by it: its patterns
also match a line that a process has put into its own name, and ours (`processes.py`) do not.
"""

from __future__ import annotations

from tuicont.core.model.host import HostUsage


def host_usage(path: str) -> HostUsage:
    """The host now; disk figures are those of the file system that holds `path`. Raises `OSError`."""
    import psutil

    memory, swap, disk = psutil.virtual_memory(), psutil.swap_memory(), psutil.disk_usage(path)
    return HostUsage(
        memory=memory.total,
        memory_available=memory.available,
        swap=swap.total,
        swap_free=swap.free,
        disk=disk.total,
        disk_free=disk.free,
        load=psutil.getloadavg(),
        booted_ns=int(psutil.boot_time() * 1_000_000_000),
    )
