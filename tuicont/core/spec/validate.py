"""What is wrong with a request, before anything is made: the engine refuses with it, a form shows it.

Touches nothing. Looks at the host only for whether the source of a mount is there.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from tuicont.core.errors import EngineError
from tuicont.core.model import signals
from tuicont.core.model.host import HostFacts
from tuicont.core.model.problem import Problem
from tuicont.core.model.request import BindMount, ContainerRequest, TmpfsMount, Ulimit
from tuicont.core.security import capabilities, rlimits, sysctls
from tuicont.core.spec.limits import limit_problems
from tuicont.core.spec.mounts import clean
from tuicont.core.spec.options import security_options

NETWORKS = ("none", "host")
OWN_ANNOTATIONS = "org.tuicont."

_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}")
_HOST_LABEL = re.compile(r"[a-zA-Z0-9_]([a-zA-Z0-9_-]{0,61}[a-zA-Z0-9_])?")
_IN_NO_ACCOUNT = re.compile(r"[\s\0:]").search  # in the name of no user or group
_LARGEST = (1 << 63) - 1
_LARGEST_NAME = 64  # __NEW_UTS_LEN of sethostname(2)
_TMPFS_FLAGS = frozenset(
    {"ro", "rw", "exec", "noexec", "suid", "nosuid", "dev", "nodev", "sync", "async", "dirsync", "noatime", "atime"}
    | {"diratime", "nodiratime", "relatime", "norelatime", "strictatime", "nostrictatime"}
)
_TMPFS_VALUES = {
    "size": re.compile(r"\d+[kmgtKMGT%]?"),
    "nr_blocks": re.compile(r"\d+[kmgKMG]?"),
    "nr_inodes": re.compile(r"\d+[kmgKMG]?"),
    "mode": re.compile(r"[0-7]{1,4}"),
    "uid": re.compile(r"\d{1,10}"),
    "gid": re.compile(r"\d{1,10}"),
}

Findings = Iterator[tuple[str, str]]
"""(field, message) pairs."""


def is_name(text: str) -> bool:
    """Whether a container may be called that (Docker's rule)."""
    return _NAME.fullmatch(text) is not None


def validate(
    request: ContainerRequest, host: HostFacts, *, exists: Callable[[str], bool] = os.path.lexists
) -> tuple[Problem, ...]:
    """Everything that is wrong, in the order of the request's fields; empty when it can be tried."""
    found = [*_names(request), *_process(request), *_mounts(request.mounts, exists), *_kernel(request, host)]
    return tuple(Problem(field=field, message=text) for field, text in found) + limit_problems(request.limits, host)


def _names(request: ContainerRequest) -> Findings:
    if not request.image:
        yield "image", "an image is needed"
    if request.name and not is_name(request.name):
        yield "name", f"{request.name!r} is not letters, digits, _ . and -, beginning with a letter or digit"
    for field, text in (("hostname", request.hostname), ("domainname", request.domainname)):
        if text and (len(text) > _LARGEST_NAME or not _is_host_name(text)):
            yield field, f"{text!r} is not a host name of at most {_LARGEST_NAME} characters"
    for field, pairs in (("labels", request.labels), ("annotations", request.annotations)):
        for key, value in pairs:
            if not key or "\0" in key + value:
                yield field, f"{key!r} is not a name"
    for key, _ in request.annotations:
        if key.startswith(OWN_ANNOTATIONS):
            yield "annotations", f"{key!r} is one of the engine's own"
    for name, address in request.extra_hosts:
        if not (_is_host_name(name) and _is_address(address)):
            yield "extra_hosts", f"{name}:{address} is not a host name and an address"


def _is_host_name(text: str) -> bool:
    return all(map(_HOST_LABEL.fullmatch, text.split(".")))


def _is_address(text: str) -> bool:
    import ipaddress  # here: few ask for a host, and all would wait for it

    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return "%" not in text  # a zone is the host's


def _process(request: ContainerRequest) -> Findings:
    for field, words in (("command", request.command), ("entrypoint", request.entrypoint or ())):
        if any("\0" in word for word in words):
            yield field, "a NUL character cannot be passed"
    for entry in request.env:
        if not entry.partition("=")[0] or "\0" in entry:
            yield "env", f"{entry!r} has no name"
    if request.workdir and (not request.workdir.startswith("/") or "\0" in request.workdir):
        yield "workdir", f"{request.workdir!r} is not an absolute path"
    if any(map(_IN_NO_ACCOUNT, request.user.split(":", 1))):
        yield "user", f"{request.user!r} is not USER, USER:GROUP or :GROUP"
    for group in request.group_add:
        if not group or _IN_NO_ACCOUNT(group):
            yield "group_add", f"{group!r} is no group"
    if request.shm_size < 0:
        yield "shm_size", f"{request.shm_size} bytes is less than none"
    if request.stop_signal:
        try:
            signals.number(request.stop_signal)
        except ValueError as error:
            yield "stop_signal", str(error)
    if request.stop_timeout < 0:
        yield "stop_timeout", f"{request.stop_timeout:g} seconds is less than none"
    if request.log.max_size < 4096:
        yield "log.max_size", f"{request.log.max_size} bytes is less than 4096"
    if not 1 <= request.log.max_files <= 1000:
        yield "log.max_files", f"{request.log.max_files} is not between 1 and 1000"
    yield from _ulimits(request.ulimits)


def _ulimits(ulimits: Iterable[Ulimit]) -> Findings:
    for limit in ulimits:
        if limit.name not in rlimits.NUMBERS:
            yield "ulimits", f"{limit.name!r} is none of {', '.join(sorted(rlimits.NUMBERS))}"
        elif not (-1 <= limit.soft <= _LARGEST and -1 <= limit.hard <= _LARGEST):
            yield "ulimits", f"{limit.name}: a value is -1 (no limit) or more"
        elif rlimits.value(limit.soft) > rlimits.value(limit.hard):
            yield "ulimits", f"{limit.name}: soft limit {limit.soft} is above hard limit {limit.hard}"
    yield from _twice("ulimits", (limit.name for limit in ulimits), "is set twice")


def _mounts(mounts: Iterable[BindMount | TmpfsMount], exists: Callable[[str], bool]) -> Findings:
    for mount in mounts:
        if not mount.target.startswith("/") or "\0" in mount.target:
            yield "mounts", f"target {mount.target!r} is not an absolute path"
        elif clean(mount.target) == "/":
            yield "mounts", "nothing can be mounted on / itself"
        if isinstance(mount, TmpfsMount):
            yield from _tmpfs(mount)
        elif not mount.source.startswith("/") or "\0" in mount.source:
            yield "mounts", f"source {mount.source!r} is not an absolute path"
        elif not (mount.make or exists(mount.source)):
            yield "mounts", f"source {mount.source} is not there"
    yield from _twice("mounts", (clean(mount.target) for mount in mounts), "is mounted on twice")


def _tmpfs(mount: TmpfsMount) -> Findings:
    for option in filter(None, mount.options.split(",")):
        name, equals, value = option.partition("=")
        pattern = _TMPFS_VALUES.get(name)
        if option not in _TMPFS_FLAGS and not (equals and pattern and pattern.fullmatch(value)):
            yield "mounts", f"{mount.target}: {option!r} is no option of a tmpfs"


def _kernel(request: ContainerRequest, host: HostFacts) -> Findings:
    if request.network not in NETWORKS:
        yield "network", f"{request.network!r} is none of {', '.join(NETWORKS)}"
    for name, _ in request.sysctls:
        kind = sysctls.namespace(name)
        if not kind:
            yield "sysctls", f"{name} is the host's, not a container's own"
        elif kind == "network" and request.network == "host":
            yield "sysctls", f"{name} would change the host's network"
    yield from _twice("sysctls", (name for name, _ in request.sysctls), "is set twice")
    for field, names in (("cap_add", request.cap_add), ("cap_drop", request.cap_drop)):
        for name in names:
            try:
                capabilities.normalize(name)
            except ValueError as error:
                yield field, str(error)
    try:
        security_options(request.security_opt, host.lsms)
    except EngineError as error:
        yield "security_opt", error.cause


def _twice(field: str, names: Iterable[str], text: str) -> Findings:
    for name, count in Counter(names).items():
        if count > 1:
            yield field, f"{name} {text}"
