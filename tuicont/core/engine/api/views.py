"""What kernel, disk and log say of one container. Reads at every call, changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import msgspec

from tuicont.core.model.container import (
    CgroupFile,
    Change,
    Link,
    LogLine,
    LogQuery,
    MountEntry,
    Namespace,
    Process,
)


class LayerView(msgspec.Struct, frozen=True, kw_only=True):
    """A container's root file system: its read-only layers, top first, what was changed over them (with sizes), and
    what its own layer, at `upper_path` on the host, occupies in bytes."""

    lower: tuple[tuple[str, str, int], ...]
    """(chain id, the instruction that made it, bytes)"""
    upper_path: str
    upper_bytes: int
    changes: tuple[Change, ...]


class LogLines(Protocol):
    """Lines as they are read, or wanted."""

    def __iter__(self) -> Iterator[LogLine]: ...

    def __next__(self) -> LogLine:
        """The next line; blocks for it when the log is followed."""

    def close(self) -> None:
        """No more lines; a reader that is blocked, in whichever thread, notices within a second. May be repeated."""


class Views(Protocol):
    """`engine.views`. What asks the kernel raises `Conflict` for a container that does not run."""

    def processes(self, ref: str) -> tuple[Process, ...]:
        """Its processes, by host pid."""

    def logs(self, ref: str, query: LogQuery = LogQuery()) -> LogLines:
        """Lines of its log in order; with `follow`, until the container ends."""

    def diff(self, ref: str) -> tuple[Change, ...]:
        """What differs from its image, by path."""

    def layers(self, ref: str) -> LayerView:
        """What its root file system is made of."""

    def namespaces(self, ref: str) -> tuple[Namespace, ...]:
        """The namespaces of its init, and which containers share them."""

    def links(self, ref: str) -> tuple[Link, ...]:
        """The network interfaces that it sees."""

    def mounts(self, ref: str) -> tuple[MountEntry, ...]:
        """The mount table that it sees."""

    def cgroup_files(self, ref: str) -> tuple[CgroupFile, ...]:
        """The kernel files of its cgroup, with their values now."""
