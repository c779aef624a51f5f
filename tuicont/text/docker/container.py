"""A container as `inspect` tells it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from tuicont.core.model.container import Container
from tuicont.core.model.document import OpenMap
from tuicont.core.model.limits import Limits
from tuicont.core.model.request import BindMount, ContainerRequest, TmpfsMount
from tuicont.core.model.state import State
from tuicont.text.docker.host_config import host_config
from tuicont.text.units import timestamp

_NEVER = "0001-01-01T00:00:00Z"
_NO_ADDRESS = {
    "EndpointID": "",
    "Gateway": "",
    "GlobalIPv6Address": "",
    "GlobalIPv6PrefixLen": 0,
    "IPAddress": "",
    "IPPrefixLen": 0,
    "IPv6Gateway": "",
    "MacAddress": "",
}


def inspected(view: Mapping[str, Any]) -> dict[str, Any]:
    """Docker's keys, and below them what only this engine can tell. `view` is what the engine's `inspect` answers."""
    container = msgspec.convert(view, Container)
    request, spec = container.request, view["spec"]
    return {
        "Id": container.id,
        "Created": _time(container.created_ns),
        "Path": container.command[0] if container.command else "",
        "Args": container.command[1:],
        "State": _state(container),
        "Image": container.image_id,
        "ResolvConfPath": "",
        "HostnamePath": "",
        "HostsPath": "",
        "LogPath": view["log_path"],
        "Name": f"/{container.name}",
        "RestartCount": container.restarts,
        "Driver": container.storage,
        "Platform": "linux",
        "MountLabel": "",
        "ProcessLabel": "",
        "AppArmorProfile": "",
        "ExecIDs": None,
        "HostConfig": host_config(container, msgspec.convert(view["limits"], Limits), spec),
        "GraphDriver": {"Data": _layers(view), "Name": container.storage},
        "Mounts": [_mount(mount) for mount in request.mounts],
        "Config": _config(container, spec, view["image_config"]),
        "NetworkSettings": _network(request),
        "ConfigPath": view["config_path"],
        "Cgroup": view["cgroup"],
        "RootMounts": view["root_mounts"],
        "Spec": spec,
    }


def _state(container: Container) -> dict[str, Any]:
    ended = container.exit
    return {
        "Status": container.state.value,
        "Running": container.state.alive,
        "Paused": container.state is State.PAUSED,
        "Restarting": False,
        "OOMKilled": bool(ended and ended.oom_killed),
        "Dead": False,
        "Pid": container.pid,
        "ExitCode": ended.code if ended else 0,
        "Error": container.error,
        "StartedAt": _time(container.started_ns),
        "FinishedAt": _time(container.finished_ns),
        "Health": None,
    }


def _config(container: Container, spec: Mapping[str, Any], image: Mapping[str, Any]) -> dict[str, Any]:
    """What request and image together say; `image` is its configuration's `config`, empty when it is gone."""
    request, process = container.request, spec.get("process", {})
    own_entrypoint = request.entrypoint is not None
    return {
        "Hostname": spec.get("hostname", ""),
        "Domainname": request.domainname,
        "User": request.user or image.get("User") or "",
        "AttachStdin": False,
        "AttachStdout": False,
        "AttachStderr": False,
        "ExposedPorts": OpenMap(image.get("ExposedPorts") or {}),
        "Tty": request.tty,
        "OpenStdin": request.stdin_open,
        "StdinOnce": False,
        "Env": process.get("env", []),
        "Cmd": list(request.command) or (None if own_entrypoint else image.get("Cmd")),
        "Healthcheck": image.get("Healthcheck"),
        "Image": request.image,
        "Volumes": OpenMap(image["Volumes"]) if image.get("Volumes") else None,
        "WorkingDir": process.get("cwd", "/"),
        "Entrypoint": (list(request.entrypoint or ()) or None) if own_entrypoint else image.get("Entrypoint"),
        "OnBuild": image.get("OnBuild"),
        "Labels": OpenMap(container.labels),
        "StopSignal": container.stop_signal,
        "StopTimeout": request.stop_timeout,
    }


def _network(request: ContainerRequest) -> dict[str, Any]:
    none = {"IPAMConfig": None, "Links": None, "Aliases": None, "NetworkID": "", **_NO_ADDRESS, "DriverOpts": None}
    return {
        "Bridge": "",
        "SandboxID": "",
        "HairpinMode": False,
        "LinkLocalIPv6Address": "",
        "LinkLocalIPv6PrefixLen": 0,
        "Ports": OpenMap(),
        "SandboxKey": "",
        "SecondaryIPAddresses": None,
        "SecondaryIPv6Addresses": None,
        **_NO_ADDRESS,
        "Networks": OpenMap({request.network: none}),
    }


def _layers(view: Mapping[str, Any]) -> OpenMap:
    """Where overlayfs has its directories, as the mount of the root says it."""
    options = [option for mount in view["root_mounts"] for option in mount.get("options", ())]
    named = dict(option.partition("=")[::2] for option in options if "=" in option)
    keys = {"lowerdir": "LowerDir", "upperdir": "UpperDir", "workdir": "WorkDir"}
    merged = {"MergedDir": view["spec"].get("root", {}).get("path", "")}
    return OpenMap({docker: named[key] for key, docker in keys.items() if key in named} | merged)


def _mount(mount: BindMount | TmpfsMount) -> dict[str, Any]:
    if isinstance(mount, TmpfsMount):
        kind, source, mode, writable, propagation = "tmpfs", "", mount.options, True, ""
    else:
        kind, source, mode = "bind", mount.source, "ro" if mount.read_only else ""
        writable, propagation = not mount.read_only, "rprivate"
    return {
        "Type": kind,
        "Source": source,
        "Destination": mount.target,
        "Mode": mode,
        "RW": writable,
        "Propagation": propagation,
    }


def _time(time_ns: int) -> str:
    return timestamp(time_ns) if time_ns else _NEVER
