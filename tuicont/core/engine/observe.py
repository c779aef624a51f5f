"""What can be seen of containers: inspect, top, stats, logs, namespaces, cgroup files, layers, mounts.

Reads the kernel at every call and changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from tuicont.core.engine.api import LayerView
from tuicont.core.engine.context import Context
from tuicont.core.engine.lifecycle import Lifecycle
from tuicont.core.engine.tasks import Tasks
from tuicont.core.errors import Conflict, EngineError
from tuicont.core.host.processes import processes
from tuicont.core.logs.reader import LogStream
from tuicont.core.model.container import (
    CgroupFile,
    Change,
    Container,
    Link,
    LogLine,
    LogQuery,
    MountEntry,
    Namespace,
    Process,
    RemovalLoss,
)
from tuicont.core.model.state import Verb
from tuicont.core.model.stats import Sample
from tuicont.core.network.netlink import links
from tuicont.core.ns.discover import discover
from tuicont.core.ns.mounts import mounts_of


class Observer:
    """Answers questions about containers."""

    def __init__(self, context: Context, tasks: Tasks, lifecycle: Lifecycle) -> None:
        self._context = context
        self._tasks = tasks
        self._lifecycle = lifecycle

    def inspect(self, ref: str) -> dict[str, Any]:
        """The record, its paths and its OCI specification as plain JSON values."""
        container = self._context.find(ref, f"inspect {ref}")
        paths = self._context.paths
        answer: dict[str, Any] = msgspec.to_builtins(container)
        answer["short_id"] = container.short_id
        answer["log_path"] = paths.log(container.id)
        answer["config_path"] = paths.config(container.id)
        answer["cgroup"] = msgspec.to_builtins(self._context.cgroups.open(container.id).placement)
        answer["root_mounts"] = msgspec.to_builtins(self._context.storage.mounts(container.id))
        spec = dict(self._lifecycle.spec(container.id))
        # The record itself, as it was at creation: it stands above as it is now.
        spec.pop("annotations", None)
        answer["spec"] = spec
        return answer

    def stats(self, ref: str) -> Sample:
        """One fresh sample."""
        container = self._running(ref, f"read the statistics of {ref}")
        sampler = self._context.cgroups.open(container.id).sampler()
        try:
            sample = sampler.sample()
        finally:
            sampler.close()
        if sample is None:
            raise Conflict(f"read the statistics of {container.name}", "its cgroup is gone")
        return sample

    def top(self, ref: str) -> tuple[Process, ...]:
        """Its processes."""
        container = self._context.require(ref, Verb.TOP)
        return processes(self._context.cgroups.open(container.id).processes())

    def logs(self, ref: str, query: LogQuery) -> Iterator[LogLine]:
        """Its log."""
        container = self._context.find(ref, f"read the log of {ref}")

        def ended() -> bool:
            self._tasks.settle(container.id)
            found = self._context.store.find_containers(container.id)
            return not found or not found[0].state.alive

        return LogStream(self._context.paths.log(container.id), query, ended)

    def diff(self, ref: str) -> tuple[Change, ...]:
        """What it changed of its image."""
        container = self._context.find(ref, f"compare {ref}")
        return tuple(self._context.storage.changes(container.id))

    def namespaces(self, ref: str) -> tuple[Namespace, ...]:
        """The namespaces of its init, and who shares them."""
        container = self._running(ref, f"read the namespaces of {ref}")
        others = {
            c.name: c.pid for c in self._context.store.containers() if c.state.alive and c.id != container.id and c.pid
        }
        return discover(container.pid, others)

    def cgroup_files(self, ref: str) -> tuple[CgroupFile, ...]:
        """The kernel files of its cgroup."""
        container = self._running(ref, f"read the cgroup of {ref}")
        return self._context.cgroups.open(container.id).files()

    def layers(self, ref: str) -> LayerView:
        """Its overlay."""
        container = self._context.find(ref, f"read the layers of {ref}")
        image = self._context.images.get(container.image_id)
        usage = self._context.storage.usage(container.id)
        return LayerView(
            lower=tuple((layer.chain_id, layer.created_by, layer.size) for layer in reversed(image.layers)),
            upper_path=self._context.storage.upper_path(container.id),
            upper_bytes=usage.bytes,
            changes=tuple(self._context.storage.changes(container.id)),
        )

    def links(self, ref: str) -> tuple[Link, ...]:
        """The network interfaces that it sees."""
        container = self._running(ref, f"read the interfaces of {ref}")
        return links(container.pid)

    def mounts(self, ref: str) -> tuple[MountEntry, ...]:
        """The mount table that it sees."""
        container = self._running(ref, f"read the mounts of {ref}")
        return mounts_of(container.pid)

    def loss(self, ref: str) -> RemovalLoss:
        """What removing it would destroy."""
        container = self._context.find(ref, f"look at {ref}")
        alive = len(self._context.cgroups.open(container.id).processes()) if container.state.alive else 0
        try:
            usage = self._context.storage.usage(container.id)
        except EngineError:
            return RemovalLoss(processes=alive, bytes=0, files=0)
        return RemovalLoss(processes=alive, bytes=usage.bytes, files=usage.files)

    def _running(self, ref: str, operation: str) -> Container:
        container = self._context.find(ref, operation)
        if not container.state.alive:
            raise Conflict(operation, f"it is {container.state.value}, not running", hint="start it first")
        return container
