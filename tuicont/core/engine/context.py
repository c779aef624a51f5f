"""What every part of the engine works with: one of each, built once by `open.py`."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from tuicont.core.cgroup.base import CgroupDriver
from tuicont.core.engine.names import ID_LENGTH, ID_PREFIX
from tuicont.core.engine.paths import Paths
from tuicont.core.errors import Conflict, EngineError, NotFound
from tuicont.core.events.doorbell import Doorbell
from tuicont.core.files.chores import Chores
from tuicont.core.files.trash import Trash
from tuicont.core.model.container import Container
from tuicont.core.model.state import Verb, refusal
from tuicont.core.runtime.base import Runtime
from tuicont.core.storage.base import StorageDriver
from tuicont.core.store.store import Store, Transaction
from tuicont.core.sys.record_locks import RecordLocks

if TYPE_CHECKING:
    from tuicont.core.image.service import ImageService

_UNMOUNT_SECONDS = 5.0
IMAGES_LOCK = "1"
"""Held shared from the look-up of an image to the record of a container that uses it, else by who removes one."""


@dataclass(frozen=True)
class Context:
    """The drivers and records of one state root."""

    paths: Paths
    store: Store
    doorbell: Doorbell
    locks: RecordLocks
    snapshots: RecordLocks
    cgroups: CgroupDriver
    storage: StorageDriver
    runtime: Runtime
    make_images: Callable[[], ImageService]
    trash: Trash
    chores: Chores
    cgroup_parent: str

    @cached_property
    def images(self) -> ImageService:
        """The images, opened when they are first asked for."""
        return self.make_images()

    def announce(self, topic: str, container: Container, detail: dict[str, str]) -> None:
        """Record an event that no record depends on. What it is about goes on when that cannot be written: on a
        full disk a container can still be killed, and looked into."""
        with contextlib.suppress(EngineError), self.store.transaction() as transaction:
            transaction.event(topic, container.id, container.name, detail)

    def find(self, ref: str, operation: str) -> Container:
        """The container called `ref`. Raises `NotFound`, or `Conflict` when it begins several ids."""
        found = self.store.find_containers(ref) if ref else ()
        if len(found) == 1 and (ref == found[0].name or ID_PREFIX.fullmatch(ref)):
            return found[0]
        if len(found) > 1:
            raise Conflict(operation, "several containers' ids begin so", hint="give more of the id, or the name")
        raise NotFound(operation, "no such container", hint="`tuicont ps -a` lists them all")

    def resolve(self, ref: str, operation: str) -> str:
        """The id that `ref` stands for. A whole id is its own answer: whether there is such a container shows when
        its record is read, which a caller that takes the lock first does afterwards."""
        return ref if len(ref) == ID_LENGTH and ID_PREFIX.fullmatch(ref) else self.find(ref, operation).id

    def require(self, ref: str, verb: Verb) -> Container:
        """The container called `ref`, if its state allows `verb`. Raises `Conflict` otherwise."""
        container = self.find(ref, f"{verb} {ref}")
        check(container, verb)
        return container

    @contextlib.contextmanager
    def unmounted(self, container: Container, operation: str, *, shared: bool = False) -> Iterator[int]:
        """Its root file system is mounted nowhere, and until the context ends, and as long as a copy of the descriptor
        is open elsewhere, by nobody else: two mounts of one upper directory do harm (overlayfs.rst, "Sharing and
        copying layers"). Raises `Conflict` after some seconds."""
        deadline = time.monotonic() + _UNMOUNT_SECONDS
        while (descriptor := self.snapshots.take(container.id, shared=shared)) is None:
            if time.monotonic() > deadline:
                raise Conflict(
                    operation, "its files are still in use", hint="they are being copied, or written to disk"
                )
            time.sleep(0.002)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def current(self, transaction: Transaction, container_id: str, verb: Verb) -> Container:
        """The record inside a transaction, refused anew: it may have ended since it was read."""
        container = transaction.container(container_id)
        if container is None:
            raise NotFound(f"{verb} {container_id[:12]}", "it was removed meanwhile")
        check(container, verb)
        return container


def check(container: Container, verb: Verb) -> None:
    """Raise `Conflict` when the container's state refuses `verb`."""
    if why := refusal(container.state, verb):
        raise Conflict(f"{verb} {container.name}", why, hint=_WAY_OUT.get(verb, ""))


@contextlib.contextmanager
def telling(operation: str) -> Iterator[None]:
    """A driver's error is told as that of the verb: with the container's name instead of its id."""
    try:
        yield
    except EngineError as error:
        error.operation = operation
        raise


_WAY_OUT = {
    Verb.REMOVE: "stop it first, or remove it with force (rm -f)",
    Verb.EXEC: "start it, or unpause it",
}
