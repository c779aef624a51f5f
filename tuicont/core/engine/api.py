"""The engine as its users see it. Screens, presenters and the command line know this module, the model
and the errors, and nothing else of the core.

Every method is synchronous, safe from any thread, and raises the `EngineError` categories. A `ref` is a
container's name, id, or an unambiguous beginning of its id. Values that come back are frozen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, Protocol

import msgspec

from tuicont.core.model.container import (
    CgroupFile,
    Change,
    Container,
    ExitStatus,
    Link,
    LogLine,
    LogQuery,
    MountEntry,
    Namespace,
    Process,
    RemovalLoss,
)
from tuicont.core.model.event import Event
from tuicont.core.model.image import Image
from tuicont.core.model.limits import Limits
from tuicont.core.model.probe import EngineInfo, Probe
from tuicont.core.model.problem import Problem as Problem
from tuicont.core.model.request import ContainerRequest, ExecRequest
from tuicont.core.model.stats import Sample, Snapshot
from tuicont.core.runtime.base import STDERR as STDERR
from tuicont.core.runtime.base import STDOUT as STDOUT
from tuicont.core.runtime.base import Session as Session
from tuicont.core.spec.limits import LIMITS as LIMITS
from tuicont.core.spec.limits import Limit as Limit
from tuicont.core.spec.limits import Unit as Unit


class ContainerFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which containers: `all` also those that do not run; `filters` are Docker's key=value pairs (name,
    id, status, label, ancestor, exited, health is not known); values of one key are alternatives."""

    all: bool = True
    filters: tuple[tuple[str, str], ...] = ()


class LayerView(msgspec.Struct, frozen=True, kw_only=True):
    """A container's overlay: its read-only layers, top first, the changes that its upper layer holds
    (with sizes) and what that layer occupies in bytes."""

    lower: tuple[tuple[str, str, int], ...]
    """(chain id, the instruction that made it, bytes)"""
    upper_path: str
    upper_bytes: int
    changes: tuple[Change, ...]


class PruneReport(msgspec.Struct, frozen=True, kw_only=True):
    """What prune removed."""

    containers: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    bytes: int = 0


class EventStream(Protocol):
    """Events from a sequence number on; other processes' events arrive too."""

    def next(self, timeout: float | None = None) -> tuple[Event, ...]:
        """The events since the last call, in order; blocks until there is one; empty after `timeout` s."""

    def close(self) -> None:
        """Stop; a blocked `next` returns an empty tuple. May be repeated."""


Progress = Callable[[str, int, int], None]
"""(what is being done, bytes done, bytes in all or 0)"""


class Engine(Protocol):
    """A container engine on one state root."""

    # observe

    def info(self) -> EngineInfo: ...
    def doctor(self) -> tuple[Probe, ...]:
        """What this kernel offers and which drivers work, with the reason for each that does not."""

    def config(self) -> tuple[tuple[str, str, str], ...]:
        """The engine's own settings as (name, value, where it comes from)."""

    def containers(self, which: ContainerFilter = ContainerFilter()) -> tuple[Container, ...]:
        """Newest first."""

    def container(self, ref: str) -> Container: ...
    def inspect(self, ref: str) -> dict[str, Any]:
        """All that is known of a container, as plain JSON values, the OCI specification included."""

    def snapshot(self) -> Snapshot:
        """Containers, samples and rates now; rates are since this engine's previous snapshot."""

    def stats(self, ref: str) -> Sample:
        """One fresh sample of a running container."""

    def history(self, ref: str) -> tuple[Sample, ...]:
        """The samples kept for a container, oldest first, one a second."""

    def top(self, ref: str) -> tuple[Process, ...]: ...
    def logs(self, ref: str, query: LogQuery = LogQuery()) -> Iterator[LogLine]:
        """Lines in order; with `follow`, ends when the container does. `close()` of the iterator, from
        any thread, stops it within a second."""

    def diff(self, ref: str) -> tuple[Change, ...]: ...
    def namespaces(self, ref: str) -> tuple[Namespace, ...]: ...
    def links(self, ref: str) -> tuple[Link, ...]:
        """The network interfaces that a running container sees."""

    def cgroup_files(self, ref: str) -> tuple[CgroupFile, ...]: ...
    def layers(self, ref: str) -> LayerView: ...
    def mounts(self, ref: str) -> tuple[MountEntry, ...]: ...
    def loss(self, ref: str) -> RemovalLoss:
        """What removing it now would destroy."""

    def events(self, since: int | None = None) -> EventStream:
        """Events after sequence number `since`; None: only those to come."""

    def past_events(self, *, after: int = 0, limit: int = 1000, subject: str = "") -> tuple[Event, ...]:
        """The last `limit` events after sequence number `after`, oldest first."""

    # act

    def validate(self, request: ContainerRequest) -> tuple[Problem, ...]:
        """Everything that `create` would refuse, without creating."""

    def create(self, request: ContainerRequest) -> Container: ...
    def start(self, ref: str) -> Container: ...
    def start_attached(self, ref: str, *, stdin: bool = True, rows: int = 24, cols: int = 80) -> Session:
        """Start, connected from the first byte of output on and (with a tty) in a terminal of that size;
        `attach` after `start` may miss what a quick container wrote."""

    def stop(self, ref: str, *, signal: str = "", timeout: float | None = None) -> Container:
        """The stop signal, then after `timeout` seconds (None: the container's own) SIGKILL to all."""

    def kill(self, ref: str, signal: str = "SIGKILL") -> Container:
        """A signal by name or number: to the init, SIGKILL to every process of the container."""

    def restart(self, ref: str, *, timeout: float | None = None) -> Container: ...
    def pause(self, ref: str) -> Container: ...
    def unpause(self, ref: str) -> Container: ...
    def rename(self, ref: str, name: str) -> Container: ...
    def update(self, ref: str, limits: Limits) -> Container:
        """Change the limits that are named, of a running container at once."""

    def wait(self, ref: str, timeout: float | None = None) -> ExitStatus:
        """Block until it does not run. Raises `TimeoutError`."""

    def remove(self, ref: str, *, force: bool = False) -> None: ...
    def exec(self, ref: str, request: ExecRequest) -> Session: ...
    def attach(self, ref: str, *, stdin: bool = True) -> Session: ...
    def copy_out(self, ref: str, path: str, *, follow: bool = False) -> Iterator[bytes]:
        """A tar stream of `path` in the container, its base name first."""

    def copy_in(self, ref: str, path: str, archive: BinaryIO) -> None:
        """Unpack a tar stream into the directory `path` of the container."""

    def prune(self, *, images: bool = False) -> PruneReport:
        """Remove stopped containers and, when asked, images that no container uses."""

    # images

    def images(self) -> tuple[Image, ...]: ...
    def image(self, ref: str) -> Image: ...
    def inspect_image(self, ref: str) -> dict[str, Any]: ...
    def load_image(self, path: str, progress: Progress | None = None) -> tuple[Image, ...]:
        """From a Docker archive or an OCI layout (file or directory; "-" is standard input)."""

    def remove_image(self, ref: str, *, force: bool = False) -> tuple[str, ...]:
        """Untag; the image itself goes with its last name. What was untagged and deleted."""

    def close(self) -> None:
        """Let go of every descriptor and thread. Containers go on running."""
