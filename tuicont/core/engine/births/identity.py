"""Who the command of a container runs as, by the names in the container's own files when it starts."""

from __future__ import annotations

import os

import msgspec

from tuicont.core.errors import Invalid
from tuicont.core.files.regular import Refused, read_in_root
from tuicont.core.host.processes import open_root
from tuicont.core.spec.users import LARGEST_FILE, Identity, resolve
from tuicont.core.storage.base import StorageDriver
from tuicont.core.storage.view import open_view

ROOT = Identity(uid=0, gid=0, home="/root")
_NOBODY = Identity(uid=65534, gid=65534)


def provisional(user: str) -> Identity:
    """What can be said of `-u user` before it starts."""
    if not user:
        return ROOT
    try:
        return resolve(user, "", "")
    except Invalid:
        return _NOBODY


def identity_of(storage: StorageDriver, snapshot: str, user: str, groups: tuple[str, ...]) -> Identity:
    """The identity for `-u user` with those groups too; the snapshot is looked into only when somebody is named."""
    if not (user or groups):
        return ROOT
    with open_view(storage.mounts(snapshot)) as root:
        return _resolve_in(root, user, groups)


def resolve_running(pid: int, started: int, user: str, groups: tuple[str, ...]) -> Identity:
    """The identity by the files that the process `pid` that started then sees. Raises `ProcessLookupError` when it has
    ended."""
    root = open_root(pid, started)
    try:
        return _resolve_in(root, user, groups)
    finally:
        os.close(root)


def _resolve_in(root_fd: int, user: str, groups: tuple[str, ...]) -> Identity:
    found = resolve(user, _text(root_fd, "/etc/passwd", user), _text(root_fd, "/etc/group", user), groups)
    return found if user else msgspec.structs.replace(ROOT, groups=found.groups)


def _text(root_fd: int, path: str, user: str) -> str:
    try:
        return read_in_root(root_fd, path, LARGEST_FILE).decode(errors="replace")
    except Refused as error:
        hint = "leave the user out, or copy a regular file there"
        raise Invalid(f"run as {user}", f"the container's {path} {error.strerror}", hint=hint) from None
    except OSError:
        return ""
