"""Who the command of a container runs as, by the names in the image's own files."""

from __future__ import annotations

import os
import stat

from tuicont.core.spec.users import Identity, resolve
from tuicont.core.storage.base import StorageDriver
from tuicont.core.storage.view import open_view
from tuicont.core.sys.openat2 import open_in_root

_LARGEST_FILE = 4 << 20
ROOT = Identity(uid=0, gid=0, home="/root")


def identity_of(storage: StorageDriver, snapshot: str, user: str) -> Identity:
    """The identity for `-u user`; the snapshot is looked into only when a user is named."""
    if not user:
        return ROOT
    with open_view(storage.mounts(snapshot)) as root:
        return resolve_in(root, user)


def resolve_in(root_fd: int, user: str) -> Identity:
    """The identity by the passwd and group files below a root file system."""
    if not user:
        return ROOT
    return resolve(user, _text(root_fd, "etc/passwd"), _text(root_fd, "etc/group"))


def resolve_running(pid: int, user: str) -> Identity:
    """The identity by the files that the running process `pid` sees."""
    if not user:
        return ROOT
    root = os.open(f"/proc/{pid}/root", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        return resolve_in(root, user)
    finally:
        os.close(root)


def _text(root_fd: int, path: str) -> str:
    try:
        # Without O_NONBLOCK a FIFO in the place of the file would hang the engine.
        descriptor = open_in_root(root_fd, path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
    except OSError:
        return ""
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return ""
        return file.read(_LARGEST_FILE).decode(errors="replace")
