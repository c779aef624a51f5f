"""What of a container is about its host, as `inspect` tells it (`HostConfig`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tuicont.core.engine.api import LIMITS
from tuicont.core.model.container import Container
from tuicont.core.model.document import OpenMap
from tuicont.core.model.limits import Limits
from tuicont.core.model.request import BindMount, ContainerRequest, TmpfsMount
from tuicont.text.values import size, typed_size

_NO_LISTS = ("WeightDevice", "DeviceReadBps", "DeviceWriteBps", "DeviceReadIOps", "DeviceWriteIOps")


def host_config(container: Container, limits: Limits, spec: Mapping[str, Any]) -> dict[str, Any]:
    """The keys in Docker's order, as far as there is one."""
    request, linux = container.request, spec.get("linux", {})
    tmpfs = {mount.target: mount.options for mount in request.mounts if isinstance(mount, TmpfsMount)}
    return {
        "Binds": [_bind(mount) for mount in request.mounts if isinstance(mount, BindMount)] or None,
        "ContainerIDFile": "",
        "LogConfig": {"Type": "json-file", "Config": _log_options(request)},
        "NetworkMode": request.network,
        "PortBindings": OpenMap(),
        "RestartPolicy": {"Name": "no", "MaximumRetryCount": 0},
        "AutoRemove": request.auto_remove,
        "VolumeDriver": "",
        "VolumesFrom": None,
        "CapAdd": request.cap_add or None,
        "CapDrop": request.cap_drop or None,
        "CgroupnsMode": "private" if any(ns.get("type") == "cgroup" for ns in linux.get("namespaces", ())) else "host",
        "Dns": [],
        "DnsOptions": [],
        "DnsSearch": [],
        "ExtraHosts": [f"{name}:{address}" for name, address in request.extra_hosts] or None,
        "GroupAdd": request.group_add or None,
        "IpcMode": "private",
        "Cgroup": "",
        "Links": None,
        "OomScoreAdj": spec.get("process", {}).get("oomScoreAdj", 0),
        "PidMode": "",
        "Privileged": request.privileged,
        "PublishAllPorts": False,
        "ReadonlyRootfs": request.read_only,
        "SecurityOpt": request.security_opt or None,
        **({"Tmpfs": OpenMap(tmpfs)} if tmpfs else {}),
        "UTSMode": "",
        "UsernsMode": "",
        "ShmSize": _shm_size(spec),
        "Sysctls": OpenMap(request.sysctls),
        "Runtime": container.runtime,
        "ConsoleSize": [0, 0],
        "Isolation": "",
        **{limit.docker: limit.for_docker(getattr(limits, limit.field)) for limit in LIMITS},
        "CgroupParent": "",
        "BlkioWeight": 0,
        **{f"Blkio{name}": [] for name in _NO_LISTS},
        "CpuRealtimePeriod": 0,
        "CpuRealtimeRuntime": 0,
        "Devices": [],
        "DeviceCgroupRules": None,
        "DeviceRequests": None,
        "MemorySwappiness": None,
        "OomKillDisable": False,
        "Init": request.init,
        "Ulimits": [{"Name": u.name, "Soft": u.soft, "Hard": u.hard} for u in request.ulimits],
        "MaskedPaths": linux.get("maskedPaths", []),
        "ReadonlyPaths": linux.get("readonlyPaths", []),
    }


def _bind(mount: BindMount) -> str:
    return f"{mount.source}:{mount.target}{':ro' if mount.read_only else ''}"


def _log_options(request: ContainerRequest) -> OpenMap:
    return OpenMap({"max-file": str(request.log.max_files), "max-size": typed_size(request.log.max_size)})


def _shm_size(spec: Mapping[str, Any]) -> int:
    """Bytes of what is mounted at /dev/shm; 0 when nothing of a known size is."""
    for mount in spec.get("mounts", ()):
        if mount.get("destination") == "/dev/shm":
            return next((size(o.removeprefix("size=")) for o in mount.get("options", ()) if o.startswith("size=")), 0)
    return 0
