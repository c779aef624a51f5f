"""The engine's locks. All of them die with their holder, so that what is locked is work in progress.

A container's lock is held by who creates, starts, changes or removes it. Beside those there are two for the whole root,
and for each container one on its root file system. Names are hexadecimal numbers, as those of `RecordLocks` are: a
container's is its id, and the two others are the numbers 1 and 2, which no id is.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from tuicont.core.engine.paths import Paths
from tuicont.core.errors import Conflict
from tuicont.core.model.container import Container
from tuicont.core.sys.record_locks import RecordLocks

_IMAGES, _METER = "1", "2"
_UNMOUNT_SECONDS = 5.0
_WORK_SECONDS = 4.0
"""Far longer than anybody is at work on a container who does not hang."""
_IMAGES_SECONDS = 30.0
"""A container is made under the lock, which on plain copies takes as long as its image is large."""


class Locks:
    """The locks of one state root."""

    def __init__(self, paths: Paths) -> None:
        self._work = RecordLocks(paths.locks)
        self._roots = RecordLocks(paths.snapshots)

    def container(self, container_id: str, *, shared: bool = False) -> contextlib.AbstractContextManager[int]:
        """Wait for the container's lock and hold it, and as long as a copy of the descriptor is open elsewhere;
        `shared` by those who do not mind each other. Raises `Conflict` after some seconds."""
        return self._held(container_id, _WORK_SECONDS, f"work on the container {container_id[:12]}", shared=shared)

    def attempt(self, container_id: str, seconds: float = 0) -> contextlib.AbstractContextManager[bool]:
        """Hold the container's lock if nobody does, or within `seconds` nobody does any more; yields whether it is
        held."""
        return self._work.attempt(container_id, seconds)

    def images(self, *, shared: bool = False) -> contextlib.AbstractContextManager[int]:
        """Shared from the look-up of an image to the record of a container that uses it, else by who removes one.
        Raises `Conflict` after a while."""
        return self._held(_IMAGES, _IMAGES_SECONDS, "work on the images", shared=shared)

    def _held(
        self, name: str, seconds: float, operation: str, *, shared: bool
    ) -> contextlib.AbstractContextManager[int]:
        refusal = Conflict(operation, f"somebody else has been at work there for {seconds:g} s")
        return _waited(self._work, name, seconds, refusal, shared=shared)

    def meter(self) -> int | None:
        """A descriptor that makes this engine the one that stores history, or None when another does."""
        return self._work.take(_METER)

    def unmounted(
        self, container: Container, operation: str, *, shared: bool = False
    ) -> contextlib.AbstractContextManager[int]:
        """Its root file system is mounted nowhere, and until the context ends, and as long as a copy of the descriptor
        is open elsewhere, by nobody else: two mounts of one upper directory do harm (overlayfs.rst, "Sharing and
        copying layers"). Raises `Conflict` after some seconds."""
        hint = "they are being copied, or written to disk"
        refusal = Conflict(operation, "its files are still in use", hint=hint)
        return _waited(self._roots, container.id, _UNMOUNT_SECONDS, refusal, shared=shared)


@contextlib.contextmanager
def _waited(locks: RecordLocks, name: str, seconds: float, refusal: Conflict, *, shared: bool) -> Iterator[int]:
    """Hold the lock when it is free. Raises `refusal` after `seconds`."""
    try:
        descriptor = locks.wait(name, seconds, shared=shared)
    except TimeoutError:
        raise refusal from None
    try:
        yield descriptor
    finally:
        os.close(descriptor)
