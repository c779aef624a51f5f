"""Where the engine keeps what, below its state root (durable) and its run root (gone after a boot)."""

from __future__ import annotations

import contextlib
import os

import msgspec

from tuicont.core.errors import Conflict, Invalid
from tuicont.core.files.writing import write_file

DEFAULT_ROOT = "/var/lib/tuicont"
DEFAULT_RUN_ROOT = "/run/tuicont"
_BINDING = "run-root"
_HOST_FILES = ("hostname", "hosts")


class Paths(msgspec.Struct, frozen=True, kw_only=True):
    """The two roots. All others follow from them."""

    root: str
    run_root: str

    @property
    def database(self) -> str:
        return f"{self.root}/tuicont.db"

    @property
    def content(self) -> str:
        return f"{self.root}/content"

    @property
    def containers(self) -> str:
        return f"{self.root}/containers"

    @property
    def tasks(self) -> str:
        return f"{self.run_root}/tasks"

    @property
    def exits(self) -> str:
        return f"{self.run_root}/exits"

    @property
    def rootfs(self) -> str:
        """The empty directory at which every container mounts its root, each in its own mount namespace."""
        return f"{self.run_root}/rootfs"

    @property
    def doorbell(self) -> str:
        return f"{self.run_root}/doorbell"

    @property
    def locks(self) -> str:
        return f"{self.run_root}/locks"

    @property
    def snapshots(self) -> str:
        return f"{self.run_root}/snapshots"

    @property
    def cache(self) -> str:
        return f"{self.root}/cache"

    @property
    def trash(self) -> str:
        return f"{self.root}/trash"

    @property
    def logs(self) -> str:
        return f"{self.root}/logs"

    def storage(self, driver: str) -> str:
        """A storage driver's own directory."""
        return f"{self.root}/{driver}"

    def config(self, container_id: str) -> str:
        """The OCI specification of one container: a file, because a directory costs ten times as much."""
        return f"{self.root}/containers/{container_id}.json"

    def host_files(self, container_id: str) -> dict[str, str]:
        """The files that the engine binds over those of one container in /etc, by their names there. They are on the
        disk of its own layer, as it may write to them without end: a full run root would stop everybody."""
        return {name: f"{self.root}/containers/{container_id}.{name}" for name in _HOST_FILES}

    def log_directory(self, container_id: str) -> str:
        """Where its log and rotated logs are; the shim makes it with the first line."""
        return f"{self.root}/logs/{container_id}"

    def log(self, container_id: str) -> str:
        return f"{self.root}/logs/{container_id}/log"

    def task(self, container_id: str) -> str:
        """The volatile directory of one running container: its shim's socket."""
        return f"{self.run_root}/tasks/{container_id}"

    def exit(self, container_id: str) -> str:
        """The exit record that the shim leaves until an engine has stored it."""
        return f"{self.run_root}/exits/{container_id}"

    def make(self) -> None:
        """Make the directories, closed to everybody else."""
        for path in (
            self.root,
            self.containers,
            self.logs,
            self.trash,
            self.cache,
            self.run_root,
            self.tasks,
            self.exits,
            self.rootfs,
        ):
            os.makedirs(path, 0o700, exist_ok=True)

    def bind(self) -> None:
        """Write down in the state root which run root is its own, where that can be written."""
        if _bound_to(self.root) == self.run_root:
            return
        with contextlib.suppress(OSError):
            write_file(f"{self.root}/{_BINDING}.new", f"{identity(self.root)} {self.run_root}".encode(), 0o600)
            os.replace(f"{self.root}/{_BINDING}.new", f"{self.root}/{_BINDING}")


def resolve(root: str | None, run_root: str | None) -> Paths:
    """The roots to use: those that were named; else the system's; a named state root brings its own run root, and one
    that was used with another run root is found with that. By whichever name, a directory is the same. Raises
    `Conflict` for another run root than the one in which tasks of its containers are, which would look dead."""
    chosen = _real(root) if root else DEFAULT_ROOT
    default = f"{chosen}/run" if root else DEFAULT_RUN_ROOT
    bound = _bound_to(chosen)
    wanted = _real(run_root) if run_root else bound if os.path.isdir(bound) else default
    if bound and bound != wanted and _has_tasks(bound):
        raise Conflict(
            f"use the state root {chosen}",
            f"its containers run in the run root {bound}, not in {wanted}",
            hint=f"leave --run-root out, or name {bound}",
        )
    return Paths(root=chosen, run_root=wanted)


def _real(path: str) -> str:
    real = os.path.realpath(path)
    try:
        real.encode()
    except UnicodeEncodeError:
        raise Invalid("open the engine", f"the path {real!a} is not UTF-8") from None
    return real


def identity(root: str) -> str:
    """What the directory is, by whatever name and after it was moved; a copy of it is another. Raises `OSError`."""
    it = os.stat(root)
    return f"{it.st_dev:x}-{it.st_ino:x}"


def _bound_to(root: str) -> str:
    """The run root that was written down in this very directory; "" when there is none."""
    try:
        with open(f"{root}/{_BINDING}", encoding="utf-8") as file:
            whose, _, run_root = file.read().partition(" ")
        return run_root if whose == identity(root) else ""
    except (OSError, UnicodeDecodeError):
        return ""


def _has_tasks(run_root: str) -> bool:
    try:
        return bool(os.listdir(f"{run_root}/tasks"))
    except OSError:
        return False
