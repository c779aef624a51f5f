"""What containers are, from the request to the removal. Implements `api.Containers`."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from tuicont.core.engine.api import ContainerFilter, Problem, PruneReport
from tuicont.core.engine.bundles import Bundles
from tuicont.core.engine.drivers import Drivers
from tuicont.core.engine.ends.ends import Ends
from tuicont.core.engine.locks import Locks
from tuicont.core.engine.paths import Paths
from tuicont.core.engine.records import Records, check, no_such_container
from tuicont.core.engine.removal import Removal
from tuicont.core.errors import Conflict, EngineError
from tuicont.core.model.container import Container, RemovalLoss
from tuicont.core.model.limits import Limits
from tuicont.core.model.request import ContainerRequest
from tuicont.core.model.selection import EVERYTHING, PruneFilter
from tuicont.core.model.state import Verb
from tuicont.core.storage.base import Usage

if TYPE_CHECKING:
    from tuicont.core.engine.births.create import Creation
    from tuicont.core.engine.changes import Changes
    from tuicont.core.image.service import ImageService


class LocalContainers:
    """The records of containers, and what changes them."""

    def __init__(
        self,
        records: Records,
        locks: Locks,
        paths: Paths,
        drivers: Drivers,
        bundles: Bundles,
        creation: Callable[[], Creation],
        changes: Callable[[], Changes],
        ends: Ends,
        removal: Removal,
        images: Callable[[], ImageService],
    ) -> None:
        self._records = records
        self._locks = locks
        self._paths = paths
        self._drivers = drivers
        self._bundles = bundles
        self._creation = creation
        self._changes = changes
        self._ends = ends
        self._removal = removal
        self._images = images

    def list(self, which: ContainerFilter = ContainerFilter()) -> tuple[Container, ...]:
        self._ends.settle_all()
        store = self._records.store
        if not which.filters:
            return tuple(c for c in store.containers() if which.all or c.state.alive)
        from tuicont.core.engine.filters import matching  # here, as few lists have filters

        return matching(store.containers(), which, store.images)

    def get(self, ref: str) -> Container:
        return self._records.find(ref, f"find {ref}")

    def inspect(self, ref: str) -> dict[str, Any]:
        container = self._records.find(ref, f"inspect {ref}")
        known: dict[str, Any] = msgspec.to_builtins(container)
        return known | {
            "short_id": container.short_id,
            "log_path": self._paths.log(container.id),
            "config_path": self._paths.config(container.id),
            "cgroup": msgspec.to_builtins(self._drivers.cgroups.open(container.id).placement),
            "root_mounts": self._root_mounts(container),
            "image_config": self._image_config(container),
            "limits": msgspec.to_builtins(self._bundles.limits(container)),
            "spec": self._bundles.spec(container),
        }

    def _image_config(self, container: Container) -> Any:
        """What the image says of its containers, in full; nothing where the image is gone or damaged."""
        with contextlib.suppress(EngineError, msgspec.DecodeError, OSError):
            return self._images().inspect(container.image_id)["document"].get("config") or {}
        return {}

    def _root_mounts(self, container: Container) -> Any:
        """None where the driver, or what it kept of the container, is gone."""
        with contextlib.suppress(EngineError):
            return msgspec.to_builtins(self._drivers.storage(container.storage).mounts(container.id))
        return []

    def _usage(self, container: Container) -> Usage:
        with contextlib.suppress(EngineError):
            return self._drivers.storage(container.storage).usage(container.id)
        return Usage(bytes=0, files=0)

    def limits(self, ref: str) -> Limits:
        return self._bundles.limits(self._records.find(ref, f"read the limits of {ref}"))

    def loss(self, ref: str) -> RemovalLoss:
        container = self._records.find(ref, f"look at {ref}")
        alive = len(self._drivers.cgroups.open(container.id).processes()) if container.state.alive else 0
        usage = self._usage(container)
        return RemovalLoss(processes=alive, bytes=usage.bytes, files=usage.files)

    def validate(self, request: ContainerRequest) -> tuple[Problem, ...]:
        return self._creation().validate(request)

    def create(self, request: ContainerRequest) -> Container:
        return self._creation().create(request)

    def rename(self, ref: str, name: str) -> Container:
        return self._changes().rename(ref, name)

    def update(self, ref: str, limits: Limits) -> Container:
        return self._changes().update(ref, limits)

    def remove(self, ref: str, *, force: bool = False) -> None:
        operation = f"remove {ref}"
        container_id = self._records.resolve(ref, operation)
        if force and self._records.store.is_unreadable(container_id):
            self._remove_unreadable(container_id)
            return
        if force:
            self._end(self._records.find(container_id, operation))
        with self._held(container_id, operation, force):
            # Somebody may have started it anew since.
            found = self._ends.end_held(container_id) if force else self._ends.clear(container_id)
            if found is None and force:
                return  # it was there a moment ago, and removed itself
            if found is None:
                raise no_such_container(operation)
            check(found, Verb.REMOVE)
            self._removal.remove(found)

    def _end(self, container: Container) -> None:
        """Whatever state it is in."""
        if container.state.alive:
            self._ends.kill(container)
            return
        with self._locks.attempt(container.id) as held:
            if not held:
                # By a start, perhaps: one that hangs would hold it for long.
                self._ends.cut_short(container.id)

    @contextlib.contextmanager
    def _held(self, container_id: str, operation: str, force: bool) -> Iterator[None]:
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(self._locks.container(container_id))
            except Conflict as error:
                raise self._ends.not_ended(container_id, operation) if force else error from None
            yield

    def _remove_unreadable(self, container_id: str) -> None:
        with self._locks.container(container_id):
            self._ends.discard(container_id)
            with self._records.transaction() as transaction:
                transaction.delete_container(container_id)
            self._removal.remove_files(container_id, "")

    def prune(self, which: PruneFilter = EVERYTHING) -> PruneReport:
        removed, freed = [], 0
        for container in self.list():
            if container.state.alive or not which.takes(container.labels, container.created_ns):
                continue
            try:
                size = self._usage(container).bytes
                self.remove(container.id)
            except EngineError:
                # Started or removed by somebody else meanwhile: then it is not ours to prune.
                continue
            removed.append(container.id)
            freed += size
        return PruneReport(containers=tuple(removed), bytes=freed)
