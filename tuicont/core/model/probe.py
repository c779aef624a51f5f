"""What a part of the host or of the engine can do, with the reason when it cannot."""

from __future__ import annotations

import msgspec


class Probe(msgspec.Struct, frozen=True, kw_only=True):
    """`group` is the heading it stands under (kernel, python, cgroup, storage, namespaces, security, runtime, tools).
    `used` says of a driver that what is made now is made with it."""

    group: str
    name: str
    supported: bool
    reason: str = ""
    detail: str = ""
    used: bool = False


class EngineInfo(msgspec.Struct, frozen=True, kw_only=True):
    """`tuicont info`: where the engine keeps its state and what it counts there. `cgroup_parent` is the cgroup,
    below the mount of each hierarchy, that holds those of the containers; a driver is "" where none works."""

    version: str
    root: str
    run_root: str
    kernel: str
    processors: int
    memory: int
    cgroup_driver: str
    cgroup_parent: str
    storage_driver: str
    runtime: str
    containers: dict[str, int]
    images: int
    layers: int
    storage_bytes: int
    notes: tuple[str, ...] = ()
