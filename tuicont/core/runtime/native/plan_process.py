"""The part of a plan that turns the init into the container's process: limits, rights, identity, command.

Pure. The last operations of every plan, a container's and an exec's alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from tuicont.core.runtime import ops
from tuicont.core.runtime.native.reject import invalid, unsupported
from tuicont.core.security import capabilities, rlimits

FilterCompiler = Callable[[Mapping[str, Any]], bytes]
"""Compiles a `linux.seccomp` object to an array of struct sock_filter."""

SECCOMP_FLAGS = {
    "SECCOMP_FILTER_FLAG_TSYNC": 1,
    "SECCOMP_FILTER_FLAG_LOG": 2,
    "SECCOMP_FILTER_FLAG_SPEC_ALLOW": 4,
}
_DEFAULT_UMASK = 0o022
_INHERITED_KEYRING = ops.JoinSessionKeyring("")


def plan_stdio(process: Mapping[str, Any], *, console: bool) -> ops.Operation:
    """A terminal, or the shim's pipes."""
    if not process.get("terminal"):
        return _CONNECT
    size = process.get("consoleSize") or {}
    return ops.OpenTerminal(size.get("height") or 0, size.get("width") or 0, console)


_CONNECT = ops.ConnectStdio()


def plan_process(
    process: Mapping[str, Any],
    seccomp: Mapping[str, Any] | None,
    available: int,
    compile_filter: FilterCompiler | None,
) -> tuple[ops.Operation, ...]:
    """Everything from resource limits to execve. `available` are the capabilities that the engine itself may
    hand on; those beyond are left out, as the specification wants (config.md, "capabilities")."""
    sets = _capability_sets(process.get("capabilities") or {}, available)
    bounding, effective = sets[0], sets[1].effective
    no_new_privileges = bool(process.get("noNewPrivileges"))
    found: list[ops.Operation] = [
        _rlimit(str(limit.get("type")), limit["soft"], limit["hard"]) for limit in process.get("rlimits") or ()
    ]
    found.append(_INHERITED_KEYRING)
    if no_new_privileges:
        found.append(ops.SetNoNewPrivileges())
    found.append(bounding)
    # Without no_new_privs a filter needs CAP_SYS_ADMIN (seccomp(2)), which the container's own identity and
    # capabilities usually lack: then it goes in before they change, else as late as can be.
    late = no_new_privileges or bool(effective & capabilities.CAP_SYS_ADMIN)
    filters = _filter(seccomp, compile_filter) if seccomp else ()
    if not late:
        found += filters
    found += (
        ops.ChangeDirectory(process["cwd"], ops.Turn.FIRST),
        *_identity(process.get("user") or {}),
        sets[1],
        ops.ChangeDirectory(process["cwd"], ops.Turn.SECOND),
    )
    if late:
        found += filters
    found.append(ops.Execute(tuple(process["args"]), tuple(process.get("env") or ())))
    return tuple(found)


@lru_cache(maxsize=64)
def _rlimit(kind: str, soft: int, hard: int) -> ops.Operation:
    number = rlimits.NUMBERS.get(kind.removeprefix("RLIMIT_").lower())
    if number is None:
        raise invalid("process.rlimits", f"has no limit {kind!r}")
    return ops.SetRlimit(number, soft, hard)


def _capability_sets(
    sets: Mapping[str, Sequence[str]], available: int
) -> tuple[ops.LimitBoundingSet, ops.SetCapabilities]:
    try:
        bounding, effective, permitted, inheritable, ambient = (
            capabilities.mask(sets.get(name) or ()) & available
            for name in ("bounding", "effective", "permitted", "inheritable", "ambient")
        )
    except ValueError as error:
        raise unsupported("process.capabilities", str(error)) from None
    return _capability_operations(bounding, effective, permitted, inheritable, ambient & permitted & inheritable)


@lru_cache(maxsize=64)
def _capability_operations(
    bounding: int, effective: int, permitted: int, inheritable: int, ambient: int
) -> tuple[ops.LimitBoundingSet, ops.SetCapabilities]:
    return ops.LimitBoundingSet(bounding), ops.SetCapabilities(effective, permitted, inheritable, ambient)


def _filter(seccomp: Mapping[str, Any], compile_filter: FilterCompiler | None) -> tuple[ops.Operation, ...]:
    if seccomp.get("listenerPath"):
        raise unsupported("linux.seccomp.listenerPath")
    flags = 0
    for name in seccomp.get("flags") or ():
        if name not in SECCOMP_FLAGS:
            raise unsupported(f"linux.seccomp.flags: {name}")
        flags |= SECCOMP_FLAGS[name]
    if compile_filter is None:
        raise unsupported("linux.seccomp", "needs a filter compiler")
    return (ops.InstallSeccomp(compile_filter(seccomp), flags),)


def _identity(user: Mapping[str, Any]) -> tuple[ops.Operation, ...]:
    if user.get("username"):
        raise unsupported("process.user.username")
    groups = tuple(user.get("additionalGids") or ())
    umask = user.get("umask")
    return _identity_operations(
        user.get("uid") or 0, user.get("gid") or 0, groups, _DEFAULT_UMASK if umask is None else umask
    )


@lru_cache(maxsize=64)
def _identity_operations(uid: int, gid: int, groups: tuple[int, ...], umask: int) -> tuple[ops.Operation, ...]:
    return ops.SetIdentity(uid, gid, ",".join(map(str, groups))), ops.SetUmask(umask)
