"""A container in Docker's words: the fields of `ps` and the keys of `inspect`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from tuicont.cli.kit.listing import Column
from tuicont.cli.kit.words import ago, decimal_size, local_time, status, timestamp
from tuicont.core.engine.api import LIMITS
from tuicont.core.model.container import Container
from tuicont.core.model.limits import Limits
from tuicont.core.model.request import BindMount, TmpfsMount
from tuicont.core.model.state import State
from tuicont.text.units import shorten

_NEVER = "0001-01-01T00:00:00Z"
_COMMAND_WIDTH = 20


class Listed(msgspec.Struct, frozen=True):
    """A row of `ps`: `whole` shows id and command unshortened, `size` are the bytes that it has written, or None when
    nobody asked."""

    container: Container
    now_ns: int
    whole: bool
    size: int | None


COLUMNS: tuple[Column[Listed], ...] = (
    Column("CONTAINER ID", "ID", lambda row: row.container.id if row.whole else row.container.short_id),
    Column("IMAGE", "Image", lambda row: row.container.request.image),
    Column("COMMAND", "Command", lambda row: _command(row.container, whole=row.whole)),
    Column("CREATED", "RunningFor", lambda row: ago(row.container.created_ns, row.now_ns)),
    Column("STATUS", "Status", lambda row: status(row.container, row.now_ns)),
    Column("NAMES", "Names", lambda row: row.container.name),
    Column("SIZE", "Size", lambda row: "" if row.size is None else decimal_size(row.size), shown=False),
    Column("CREATED AT", "CreatedAt", lambda row: local_time(row.container.created_ns), shown=False),
    Column("STATE", "State", lambda row: row.container.state.value, shown=False),
    Column("PID", "Pid", lambda row: row.container.pid, shown=False),
    Column("EXIT CODE", "ExitCode", lambda row: row.container.exit.code if row.container.exit else None, shown=False),
    Column("RUNTIME", "Runtime", lambda row: row.container.runtime, shown=False),
    Column("STORAGE DRIVER", "Driver", lambda row: row.container.storage, shown=False),
    Column("NETWORKS", "Networks", lambda row: row.container.request.network, shown=False),
    Column("MOUNTS", "Mounts", lambda row: ",".join(m.target for m in row.container.request.mounts), shown=False),
    Column("LABELS", "Labels", lambda row: ",".join(map("=".join, row.container.request.labels)), shown=False),
)


def _command(container: Container, *, whole: bool) -> str:
    command = " ".join(container.command)
    return f'"{command if whole else shorten(command, _COMMAND_WIDTH)}"'


def inspected(view: Mapping[str, Any]) -> dict[str, Any]:
    """What `inspect` prints: Docker's keys, and below them what only this engine can tell. `view` is what the engine's
    own `inspect` answers."""
    container = msgspec.convert(view, Container)
    request = container.request
    process = view["spec"]["process"]
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
        "LogPath": view["log_path"],
        "HostConfig": _host_config(container, msgspec.convert(view["limits"], Limits)),
        "Mounts": [_mount(mount) for mount in request.mounts],
        "Config": {
            "Hostname": view["spec"].get("hostname", ""),
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
        "ConfigPath": view["config_path"],
        "Cgroup": view["cgroup"],
        "RootMounts": view["root_mounts"],
        "Spec": view["spec"],
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
        **{limit.docker: limit.for_docker(getattr(limits, limit.field)) for limit in LIMITS},
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
