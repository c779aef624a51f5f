"""Where the engine keeps what, below its state root (durable) and its run root (gone after a boot)."""

from __future__ import annotations

import os

import msgspec

DEFAULT_ROOT = "/var/lib/tuicont"
DEFAULT_RUN_ROOT = "/run/tuicont"
HOST_FILES = ("hostname", "hosts")
"""What of the engine's own lies beside a shim's socket."""


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


def resolve(root: str | None, run_root: str | None) -> Paths:
    """The roots to use: those that were named; else the system's; a named state root brings its own run root."""
    chosen = os.path.abspath(root) if root else DEFAULT_ROOT
    if run_root:
        return Paths(root=chosen, run_root=os.path.abspath(run_root))
    return Paths(root=chosen, run_root=f"{chosen}/run" if root else DEFAULT_RUN_ROOT)
