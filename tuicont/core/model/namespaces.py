"""The kinds of namespaces (namespaces(7)) as /proc/PID/ns names them, in the order in which they are told, and what a
container has to itself in one of its own."""

from __future__ import annotations

from collections.abc import Mapping

MEANINGS: Mapping[str, str] = {
    "mnt": "mounts: sees its image only",
    "uts": "host and domain name",
    "pid": "processes: its init is 1",
    "net": "interfaces, routes and ports",
    "ipc": "System V IPC, queues, /dev/shm",
    "cgroup": "sees its own cgroup as /",
    "user": "user and group numbers",
    "time": "boot and monotonic clocks",
}
KINDS = tuple(MEANINGS)
