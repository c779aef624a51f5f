"""The `tuicont run` line that asks for a container request. Pure; knows no parser.

Every value is written so that the command line's parser reads back the same request: long options with `=`,
so that no value is taken for an option, and the shell's quotes where a character needs them.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from tuicont.core.engine.api import LIMITS
from tuicont.core.model.request import BindMount, ContainerRequest, LogOptions, TmpfsMount, Ulimit
from tuicont.text.limits import typed
from tuicont.text.values import typed_number, typed_size


def command_line(request: ContainerRequest, *, detach: bool = False) -> str:
    """One line for the shell; with `detach`, it leaves the container in the background."""
    return shlex.join(
        ["tuicont", "run", *(["-d"] if detach else []), *_options(request), request.image, *request.command]
    )


def _options(request: ContainerRequest) -> Iterator[str]:
    plain = ContainerRequest(image="")
    if request.stdin_open or request.tty:
        yield "-" + "i" * request.stdin_open + "t" * request.tty
    for flag, given in (
        ("--rm", request.auto_remove),
        ("--read-only", request.read_only),
        ("--init", request.init),
        ("--privileged", request.privileged),
    ):
        if given:
            yield flag
    for flag, text in (
        ("--name", request.name),
        ("--hostname", request.hostname),
        ("--domainname", request.domainname),
        ("--workdir", request.workdir),
        ("--user", request.user),
        ("--stop-signal", request.stop_signal),
        ("--runtime", request.runtime),
    ):
        if text:
            yield f"{flag}={text}"
    if request.network != plain.network:
        yield f"--network={request.network}"
    if request.stop_timeout != plain.stop_timeout:
        yield f"--stop-timeout={typed_number(request.stop_timeout)}"
    if request.entrypoint is not None:
        yield f"--entrypoint={_entrypoint(request.entrypoint)}"
    for limit in LIMITS:
        value = getattr(request.limits, limit.field)
        if value is not None:
            yield f"{limit.flags[-1]}={typed(limit.unit, value)}"
    yield from (_mount(mount) for mount in request.mounts)
    yield from (f"--env={variable}" for variable in request.env)
    yield from (f"--label={name}={value}" if value else f"--label={name}" for name, value in request.labels)
    yield from (f"--group-add={group}" for group in request.group_add)
    yield from (f"--add-host={name}:{address}" for name, address in request.extra_hosts)
    yield from (f"--annotation={name}={value}" for name, value in request.annotations)
    if request.shm_size:
        yield f"--shm-size={typed_size(request.shm_size)}"
    yield from (f"--ulimit={_ulimit(limit)}" for limit in request.ulimits)
    yield from (f"--sysctl={name}={value}" for name, value in request.sysctls)
    yield from (f"--cap-add={name}" for name in request.cap_add)
    yield from (f"--cap-drop={name}" for name in request.cap_drop)
    yield from (f"--security-opt={option}" for option in request.security_opt)
    yield from _log(request.log, plain.log)


def _mount(mount: BindMount | TmpfsMount) -> str:
    if isinstance(mount, TmpfsMount):
        if ":" in mount.target:
            fields = ["type=tmpfs", f"target={mount.target}"]
            return _long_mount(fields + ([f"tmpfs-options={mount.options}"] if mount.options else []))
        return f"--tmpfs={mount.target}:{mount.options}" if mount.options else f"--tmpfs={mount.target}"
    if not mount.make or ":" in mount.source + mount.target:
        fields = ["type=bind", f"source={mount.source}", f"target={mount.target}"]
        return _long_mount(fields + (["readonly"] if mount.read_only else []))
    return f"--volume={mount.source}:{mount.target}" + (":ro" if mount.read_only else "")


def _long_mount(fields: list[str]) -> str:
    quoted = ['"' + f.replace('"', '""') + '"' if any(c in f for c in ',"\n\r') else f for f in fields]
    return "--mount=" + ",".join(quoted)


def _ulimit(limit: Ulimit) -> str:
    return f"{limit.name}={limit.soft}" + (f":{limit.hard}" if limit.hard != limit.soft else "")


def _log(log: LogOptions, plain: LogOptions) -> Iterator[str]:
    if log.max_size != plain.max_size:
        yield f"--log-opt=max-size={typed_size(log.max_size)}"
    if log.max_files != plain.max_files:
        yield f"--log-opt=max-file={log.max_files}"


def _entrypoint(words: tuple[str, ...]) -> str:
    if len(words) == 1 and words[0] and not words[0].startswith("["):
        return words[0]
    if not words:
        return ""
    import msgspec

    return msgspec.json.encode(words).decode()
