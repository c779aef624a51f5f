"""What kernel, disk and log say of one container. Implements `api.Views`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tuicont.core.engine.api import LayerView
from tuicont.core.engine.drivers import Drivers
from tuicont.core.engine.ends.ends import Ends
from tuicont.core.engine.live.room import leave_room
from tuicont.core.engine.paths import Paths
from tuicont.core.engine.records import Records
from tuicont.core.host.processes import processes
from tuicont.core.logs.reader import LogStream
from tuicont.core.model.container import (
    CgroupFile,
    Change,
    Container,
    Link,
    LogQuery,
    MountEntry,
    Namespace,
    Process,
)
from tuicont.core.model.state import Verb
from tuicont.core.network.netlink import links
from tuicont.core.ns.discover import discover
from tuicont.core.ns.mounts import mounts_of
from tuicont.core.storage.base import StorageDriver

if TYPE_CHECKING:
    from tuicont.core.image.base import ImageFinder  # loads what few verbs need


class LocalViews:
    """Answers questions about containers."""

    def __init__(
        self, records: Records, paths: Paths, drivers: Drivers, ends: Ends, images: Callable[[], ImageFinder]
    ) -> None:
        self._records = records
        self._paths = paths
        self._drivers = drivers
        self._ends = ends
        self._images = images

    def processes(self, ref: str) -> tuple[Process, ...]:
        container = self._records.require(ref, Verb.TOP)
        return processes(self._drivers.cgroups.open(container.id).processes())

    def logs(self, ref: str, query: LogQuery = LogQuery()) -> LogStream:
        container = self._records.find(ref, f"read the log of {ref}")
        if query.follow:
            leave_room(f"follow the log of {container.name}")

        def ended() -> bool:
            self._ends.settle(container.id)
            now = self._records.get(container.id)
            return now is None or not now.state.alive

        return LogStream(self._paths.log(container.id), query, ended)

    def diff(self, ref: str) -> tuple[Change, ...]:
        container = self._records.find(ref, f"compare {ref}")
        return tuple(self._storage(container).changes(container.id))

    def layers(self, ref: str) -> LayerView:
        container = self._records.find(ref, f"read the layers of {ref}")
        image, storage = self._images().get(container.image_id), self._storage(container)
        return LayerView(
            lower=tuple((layer.chain_id, layer.created_by, layer.size) for layer in reversed(image.layers)),
            upper_path=storage.upper_path(container.id),
            upper_bytes=storage.usage(container.id).bytes,
            changes=tuple(storage.changes(container.id)),
        )

    def namespaces(self, ref: str) -> tuple[Namespace, ...]:
        container = self._records.running(ref, f"read the namespaces of {ref}")
        alive = (c for c in self._records.store.containers() if c.state.alive and c.pid)
        return discover(container.pid, {c.name: c.pid for c in alive if c.id != container.id})

    def links(self, ref: str) -> tuple[Link, ...]:
        return links(self._records.running(ref, f"read the interfaces of {ref}").pid)

    def mounts(self, ref: str) -> tuple[MountEntry, ...]:
        return mounts_of(self._records.running(ref, f"read the mounts of {ref}").pid)

    def cgroup_files(self, ref: str) -> tuple[CgroupFile, ...]:
        container = self._records.running(ref, f"read the cgroup of {ref}")
        return self._drivers.cgroups.open(container.id).files()

    def _storage(self, container: Container) -> StorageDriver:
        return self._drivers.storage(container.storage)
