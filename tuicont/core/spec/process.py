"""The `process` object of the specification: the command, its environment, identity and capabilities.

Pure. Knows nothing of namespaces, mounts and limits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from tuicont.core.errors import Invalid
from tuicont.core.model.image import ImageConfig
from tuicont.core.model.request import ContainerRequest, ExecRequest
from tuicont.core.security import capabilities, rlimits
from tuicont.core.spec.mounts import clean
from tuicont.core.spec.users import Identity

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def command(request: ContainerRequest, image: ImageConfig) -> tuple[str, ...]:
    """Entrypoint and arguments as Docker joins them: an entrypoint given in the request also drops the
    image's own arguments, and an empty one (`--entrypoint ""`) drops the image's entrypoint. Raises `Invalid`
    when nothing is left to run."""
    if request.entrypoint is not None:
        entrypoint = (
            tuple(part for part in request.entrypoint if part) if request.entrypoint == ("",) else request.entrypoint
        )
        arguments = request.command
    else:
        entrypoint, arguments = image.entrypoint, request.command or image.cmd
    args = entrypoint + arguments
    if not args or not args[0]:
        raise Invalid(
            "create the container", f"image {request.image} names no command", hint="give one after the image's name"
        )
    return args


def merged_environment(*layers: Iterable[str]) -> list[str]:
    """`NAME=value` lists, later ones winning; a bare `NAME` takes the variable away. The first place of a
    name is kept, as Docker does."""
    found: dict[str, str] = {}
    for layer in layers:
        for entry in layer:
            name, equals, _ = entry.partition("=")
            if equals:
                found[name] = entry
            else:
                found.pop(name, None)
    return list(found.values())


def container_process(
    request: ContainerRequest,
    image: ImageConfig,
    identity: Identity,
    *,
    hostname: str,
    capability_bits: int,
    no_new_privileges: bool,
    hard_limits: tuple[int, ...],
) -> dict[str, Any]:
    """The `process` of a container's init."""
    base = [f"PATH={PATH}", f"HOSTNAME={hostname}"]
    if request.tty:
        base.append("TERM=xterm")
    env = merged_environment(base, image.env, request.env)
    if not any(entry.startswith("HOME=") for entry in env):
        env.append(f"HOME={identity.home}")
    elif env[-1].startswith("HOME="):  # the last is where `identified` looks for the user's own
        env.insert(0, env.pop())
    process: dict[str, Any] = {
        "terminal": request.tty,
        "user": _user(identity),
        "args": list(command(request, image)),
        "env": env,
        "cwd": clean(request.workdir or image.workdir),
        "capabilities": _capability_sets(capability_bits, identity.uid == 0),
        "noNewPrivileges": no_new_privileges,
    }
    process["rlimits"] = _rlimits(request, hard_limits)
    return process


def identified(process: Mapping[str, Any], identity: Identity) -> dict[str, Any]:
    """The same process as somebody else: who its user is may have become known since it was written."""
    *others, last = process["env"]
    home = f"HOME={identity.home}" if last.startswith("HOME=") else last
    bits = capabilities.mask(process["capabilities"]["bounding"])
    return {
        **process,
        "user": _user(identity),
        "env": [*others, home],
        "capabilities": _capability_sets(bits, identity.uid == 0),
    }


def _rlimits(request: ContainerRequest, most: tuple[int, ...]) -> list[dict[str, Any]]:
    """All that there are, written in full: a container inherits none, neither the engine's raised ones nor those of the
    shell that the engine was started from."""
    asked = {
        (kind := rlimits.specification_name(limit.name)): {
            "type": kind,
            "soft": rlimits.value(limit.soft),
            "hard": rlimits.value(limit.hard),
        }
        for limit in request.ulimits
    }
    return list((rlimits.defaults(most) | asked).values())


def exec_process(
    init: Mapping[str, Any], request: ExecRequest, identity: Identity, *, available: int = capabilities.ALL
) -> dict[str, Any]:
    """The `process` of one more process, from that of the container's init: what `request` does not name is
    as it is there. Like Docker, `privileged` gives every capability but leaves the system call filter."""
    env = [entry for entry in init["env"] if not entry.startswith(("HOME=", "TERM="))]
    if request.tty:
        env.append("TERM=xterm")
    env = merged_environment(env, request.env)
    if not any(entry.startswith("HOME=") for entry in env):
        env.append(f"HOME={identity.home}")
    bits = available if request.privileged else capabilities.mask(init["capabilities"]["bounding"])
    process: dict[str, Any] = {
        "terminal": request.tty,
        "user": _user(identity),
        "args": list(request.command),
        "env": env,
        "cwd": clean(request.workdir) if request.workdir else init["cwd"],
        "capabilities": _capability_sets(bits, identity.uid == 0),
        "noNewPrivileges": init.get("noNewPrivileges", False),
    }
    if request.tty:
        process["consoleSize"] = {"height": request.rows, "width": request.cols}
    if "rlimits" in init:
        process["rlimits"] = init["rlimits"]
    return process


def _user(identity: Identity) -> dict[str, Any]:
    """The group is among the additional ones too: a process that could leave it, by executing a set-group-id program,
    would be rid of what its members may not do (CVE-2022-36109)."""
    others = [number for number in identity.groups if number != identity.gid]
    return {"uid": identity.uid, "gid": identity.gid, "additionalGids": [identity.gid, *others]}


@lru_cache(maxsize=64)
def _capability_sets(bits: int, root: bool) -> dict[str, list[str]]:
    """Root holds the capabilities; another user only may gain them, from a file's (capabilities(7)). The
    inheritable and ambient sets stay empty (CVE-2022-24769)."""
    names = list(capabilities.names(bits))
    held = names if root else []
    return {"bounding": names, "effective": held, "permitted": held}
