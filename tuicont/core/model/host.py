"""What a request and a plan are held against: the machine's own facts, read once by `sys.host`."""

from __future__ import annotations

import msgspec


class CgroupHierarchy(msgspec.Struct, frozen=True, kw_only=True):
    """One mounted cgroup file system, by its place on the host and its version (1 or 2)."""

    mount_point: str
    version: int


class DeviceNode(msgspec.Struct, frozen=True, kw_only=True):
    """A device node of the host: `kind` is c, b or p; `mode` its permission bits."""

    path: str
    kind: str
    major: int
    minor: int
    mode: int
    uid: int = 0
    gid: int = 0


class HostFacts(msgspec.Struct, frozen=True, kw_only=True):
    """`processors`, `memory_nodes`: numbers of those online. `memory` is bytes in all. `capabilities` is the
    engine's own bounding set as bits. `masked` are paths to hide beyond the fixed ones. `lsms` the active
    security modules. `counts_swap`: swap can be limited. `hard_limits` are those of getrlimit(2) that a process may
    be given at most, by their numbers; none are known of an empty one. `kernel` is (6, 18), `machine` as uname(2)
    says it."""

    processors: frozenset[int] = frozenset({0})
    memory_nodes: frozenset[int] = frozenset({0})
    memory: int = 0
    capabilities: int = (1 << 41) - 1
    kernel: tuple[int, int] = (5, 12)
    machine: str = "x86_64"
    hierarchies: tuple[CgroupHierarchy, ...] = ()
    masked: tuple[str, ...] = ()
    counts_swap: bool = True
    lsms: tuple[str, ...] = ()
    hard_limits: tuple[int, ...] = ()


class HostUsage(msgspec.Struct, frozen=True, kw_only=True):
    """What the host has left: `memory_available` bytes can be taken without swapping, `disk_*` are of the file system
    below the state root; `load` is the average number of tasks that want a processor over 1, 5 and 15 minutes."""

    memory: int
    memory_available: int
    swap: int
    swap_free: int
    disk: int
    disk_free: int
    load: tuple[float, float, float]
    booted_ns: int
