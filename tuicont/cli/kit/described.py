"""What `inspect` prints of a container: Docker's keys and units, so that its users' templates work, and below
them what only this engine can tell. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from tuicont.cli.kit.words import timestamp
from tuicont.core.model.container import Container
from tuicont.core.model.limits import Limits
from tuicont.core.model.request import BindMount, TmpfsMount
from tuicont.core.model.state import State

_NEVER = "0001-01-01T00:00:00Z"
_NANO_CPUS = 1_000_000_000


def described(container: Container, engine_view: Mapping[str, Any]) -> dict[str, Any]:
    """`engine_view` is what the engine's own `inspect` answers."""
    request = container.request
    process = engine_view["spec"]["process"]
    return {
        "Id": container.id,
        "Name": container.name,
        "Created": _time(container.created_ns),
        "Path": container.command[0] if container.command else "",
        "Args": container.command[1:],
        "State": _state(container),
        "Image": container.image_id,
        "RestartCount": container.restarts,
        "Driver": container.storage,
        "LogPath": engine_view["log_path"],
        "HostConfig": _host_config(container, msgspec.convert(engine_view["limits"], Limits)),
        "Mounts": [_mount(mount) for mount in request.mounts],
        "Config": {
            "Hostname": engine_view["spec"].get("hostname", ""),
            "Domainname": request.domainname,
            "User": request.user,
            "Tty": request.tty,
            "OpenStdin": request.stdin_open,
            "Env": process.get("env", []),
            "Cmd": request.command,
            "Entrypoint": request.entrypoint,
            "Image": request.image,
            "WorkingDir": process.get("cwd", "/"),
            "Labels": dict(request.labels),
            "StopSignal": request.stop_signal,
            "StopTimeout": request.stop_timeout,
        },
        "ConfigPath": engine_view["config_path"],
        "Cgroup": engine_view["cgroup"],
        "RootMounts": engine_view["root_mounts"],
        "Spec": engine_view["spec"],
    }


def _state(container: Container) -> dict[str, Any]:
    ended = container.exit
    return {
        "Status": container.state.value,
        "Running": container.state.alive,
        "Paused": container.state is State.PAUSED,
        "OOMKilled": bool(ended and ended.oom_killed),
        "Pid": container.pid,
        "ExitCode": ended.code if ended else 0,
        "Error": container.error,
        "StartedAt": _time(container.started_ns),
        "FinishedAt": _time(container.finished_ns),
    }


def _host_config(container: Container, limits: Limits) -> dict[str, Any]:
    request = container.request
    return {
        "Memory": limits.memory or 0,
        "MemoryReservation": limits.memory_reservation or 0,
        "MemorySwap": limits.memory_swap or 0,
        "NanoCpus": round((limits.cpus or 0) * _NANO_CPUS),
        "CpuShares": limits.cpu_shares or 0,
        "CpusetCpus": limits.cpuset_cpus or "",
        "CpusetMems": limits.cpuset_mems or "",
        "PidsLimit": limits.pids,
        "Runtime": container.runtime,
        "NetworkMode": request.network,
        "AutoRemove": request.auto_remove,
        "Init": request.init,
        "Privileged": request.privileged,
        "ReadonlyRootfs": request.read_only,
        "CapAdd": request.cap_add,
        "CapDrop": request.cap_drop,
        "SecurityOpt": request.security_opt,
        "Sysctls": dict(request.sysctls),
        "Ulimits": [{"Name": u.name, "Soft": u.soft, "Hard": u.hard} for u in request.ulimits],
        "LogConfig": msgspec.to_builtins(request.log),
    }


def _mount(mount: BindMount | TmpfsMount) -> dict[str, Any]:
    if isinstance(mount, TmpfsMount):
        return {"Type": "tmpfs", "Source": "", "Destination": mount.target, "Mode": mount.options, "RW": True}
    mode = "ro" if mount.read_only else "rw"
    return {
        "Type": "bind",
        "Source": mount.source,
        "Destination": mount.target,
        "Mode": mode,
        "RW": not mount.read_only,
    }


def _time(time_ns: int) -> str:
    return timestamp(time_ns) if time_ns else _NEVER
