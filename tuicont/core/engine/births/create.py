"""Making a container that can be started: its snapshot, its specification, its record."""

from __future__ import annotations

import contextlib
import os
import time
from typing import TYPE_CHECKING

import msgspec

from tuicont.core.engine.births.identity import provisional
from tuicont.core.engine.births.specs import Specs
from tuicont.core.engine.bundles import Bundles, Spec
from tuicont.core.engine.drivers import Drivers
from tuicont.core.engine.locks import Locks
from tuicont.core.engine.names import new_id, new_name
from tuicont.core.engine.paths import Paths
from tuicont.core.engine.records import Records, telling
from tuicont.core.engine.removal import Removal
from tuicont.core.errors import AlreadyExists, EngineError, Invalid, NotFound, kernel_error
from tuicont.core.files.writing import make_directories
from tuicont.core.model import signals
from tuicont.core.model.container import Container
from tuicont.core.model.document import encode
from tuicont.core.model.event import Topic
from tuicont.core.model.image import Image
from tuicont.core.model.problem import Problem
from tuicont.core.model.request import BindMount, ContainerRequest
from tuicont.core.model.state import State
from tuicont.core.spec.validate import validate
from tuicont.core.store.store import NameTaken

if TYPE_CHECKING:
    from tuicont.core.image.base import ImageFinder  # loads what few verbs need

_NAME_ATTEMPTS = 20


class Creation:
    """Makes containers."""

    def __init__(
        self,
        records: Records,
        locks: Locks,
        paths: Paths,
        drivers: Drivers,
        bundles: Bundles,
        removal: Removal,
        specs: Specs,
        images: ImageFinder,
        cgroup_parent: str,
    ) -> None:
        self._records = records
        self._locks = locks
        self._paths = paths
        self._drivers = drivers
        self._bundles = bundles
        self._removal = removal
        self._specs = specs
        self._images = images
        self._cgroup_parent = cgroup_parent

    def validate(self, request: ContainerRequest) -> tuple[Problem, ...]:
        """See `api.Containers.validate`."""
        return validate(request, self._specs.host)

    def create(self, request: ContainerRequest) -> Container:
        """See `api.Containers.create`."""
        operation = f"create {request.name}" if request.name else "create a container"
        if problems := self.validate(request):
            raise Invalid(operation, problems[0].message, stage=problems[0].field)
        if request.name and self._records.store.find_name(request.name) is not None:
            raise _name_taken(operation)
        runtime, storage = self._drivers.new_runtime(request.runtime).name, self._drivers.storage().name
        container_id = new_id()
        with self._locks.images(shared=True), self._locks.container(container_id):
            image = self._images.get(request.image)
            container = Container(
                id=container_id,
                name=request.name or new_name(),
                request=request,
                image_id=image.id,
                runtime=runtime,
                storage=storage,
                state=State.CREATED,
                created_ns=time.time_ns(),
                user=request.user or image.config.user,
                stop_signal=request.stop_signal or known_signal(image.config.stop_signal),
                image_labels=tuple(image.config.labels.items()),
            )
            try:
                self._make_sources(request, operation)
                spec = self._make_files(container, image, operation)
                container = msgspec.structs.replace(container, command=tuple(spec["process"]["args"]))
                self._write(container, spec, operation)
                return self._put(container, operation)
            except BaseException:
                with contextlib.suppress(EngineError):  # or it would hide why; a sweep finds what is left
                    self._take_back(container)
                raise

    def _take_back(self, container: Container) -> None:
        """A signal may have come when it was recorded already."""
        if self._records.get(container.id) is not None:
            self._removal.remove(container)
        else:
            self._removal.remove_files(container.id, container.storage)

    def _make_sources(self, request: ContainerRequest, operation: str) -> None:
        """They stay whatever becomes of the container: they are the user's."""
        for mount in request.mounts:
            if isinstance(mount, BindMount) and mount.make and not os.path.lexists(mount.source):
                try:
                    make_directories(mount.source.rstrip("/"), 0o755)
                except OSError as error:
                    raise kernel_error(operation, f"mkdir {mount.source}", error) from None

    def _make_files(self, container: Container, image: Image, operation: str) -> Spec:
        storage, request = self._drivers.storage(container.storage), container.request
        chain = tuple(layer.chain_id for layer in image.layers)
        with telling(operation):
            try:
                storage.prepare(container.id, chain)
            except NotFound:
                # Its layers were unpacked for another storage driver.
                self._images.unpack(image, storage)
                storage.prepare(container.id, chain)
        return self._specs.build(
            request,
            image,
            container_id=container.id,
            root_path=self._paths.rootfs,
            files=self._paths.host_files(container.id),
            identity=provisional(container.user),
            cgroups_path=f"/{self._cgroup_parent}/{container.id}",
        )

    def _write(self, container: Container, spec: Spec, operation: str) -> None:
        try:
            self._bundles.make(container, spec)
        except OSError as error:
            path = self._paths.config(container.id)
            raise kernel_error(operation, f"write {path}", error, stage="bundle") from None

    def _put(self, container: Container, operation: str) -> Container:
        """Record it, under another name when the one that was made up is taken."""
        for attempt in range(_NAME_ATTEMPTS):
            try:
                with self._records.transaction() as transaction:
                    transaction.put_container(container)
                    detail = {"image": container.request.image}
                    if container.labels:
                        # Whoever asks for events by label can do so when the container is gone.
                        detail["labels"] = encode(container.labels).decode()
                    transaction.event(Topic.CONTAINER_CREATE, container.id, container.name, detail)
                if attempt:
                    self._bundles.keep_record(container)
                return container
            except NameTaken:
                if container.request.name:
                    break
                # There are three thousand such names: after some attempts one is made longer.
                name = new_name() if attempt < _NAME_ATTEMPTS // 2 else f"{new_name()}-{new_id()[:6]}"
                container = msgspec.structs.replace(container, name=name)
        raise _name_taken(operation)


def _name_taken(operation: str) -> AlreadyExists:
    return AlreadyExists(operation, "another container has that name", hint="choose another name, or remove the other")


def known_signal(text: str) -> str:
    """The signal that an image names; none when there is no such signal, as that must not keep anyone from stopping."""
    try:
        return signals.name(signals.number(text)) if text else ""
    except ValueError:
        return ""
