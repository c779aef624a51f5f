"""What a user asks for: one container, or one more process in it. The form, the command line and
later the server all build these, and the engine turns them into an OCI specification."""

from __future__ import annotations

import msgspec

from tuicont.core.model.limits import Limits


class BindMount(msgspec.Struct, frozen=True, kw_only=True, tag="bind"):
    """A host path shown inside the container (`-v source:target[:ro]`). With `make` a source that is missing is made, a
    directory: so `-v` has it, and `--mount` not."""

    source: str
    target: str
    read_only: bool = False
    make: bool = False


class TmpfsMount(msgspec.Struct, frozen=True, kw_only=True, tag="tmpfs"):
    """An empty file system in memory (`--tmpfs target[:size=64m,mode=1777]`)."""

    target: str
    options: str = ""


class Ulimit(msgspec.Struct, frozen=True, kw_only=True):
    """A resource limit (`--ulimit nofile=1024:2048`); -1 is no limit."""

    name: str
    soft: int
    hard: int


class LogOptions(msgspec.Struct, frozen=True, kw_only=True):
    """When the log is rotated: at `max_size` bytes, keeping `max_files` files in all."""

    max_size: int = 16 << 20
    max_files: int = 3


class ContainerRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A container that somebody wants. Empty or `None` takes the image's or the engine's default. `extra_hosts` are
    (name, address) pairs, `shm_size` is in bytes."""

    image: str
    name: str = ""
    command: tuple[str, ...] = ()
    entrypoint: tuple[str, ...] | None = None
    env: tuple[str, ...] = ()
    workdir: str = ""
    user: str = ""
    group_add: tuple[str, ...] = ()
    hostname: str = ""
    domainname: str = ""
    extra_hosts: tuple[tuple[str, str], ...] = ()
    tty: bool = False
    stdin_open: bool = False
    mounts: tuple[BindMount | TmpfsMount, ...] = ()
    read_only: bool = False
    init: bool = False
    privileged: bool = False
    ulimits: tuple[Ulimit, ...] = ()
    sysctls: tuple[tuple[str, str], ...] = ()
    cap_add: tuple[str, ...] = ()
    cap_drop: tuple[str, ...] = ()
    security_opt: tuple[str, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    annotations: tuple[tuple[str, str], ...] = ()
    shm_size: int = 0
    network: str = "none"
    runtime: str = ""
    limits: Limits = Limits()
    stop_signal: str = ""
    stop_timeout: float = 10.0
    auto_remove: bool = False
    log: LogOptions = LogOptions()


class ExecRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One more process in a running container."""

    command: tuple[str, ...]
    env: tuple[str, ...] = ()
    workdir: str = ""
    user: str = ""
    tty: bool = False
    stdin_open: bool = False
    privileged: bool = False
    detach: bool = False
    rows: int = 24
    cols: int = 80
