"""Removing what no record knows: specifications, logs, snapshots and cgroups of creations and removals cut short.

What another process is at work on is locked and left alone.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from tuicont.core.engine.bundles import Bundles
from tuicont.core.engine.drivers import Drivers
from tuicont.core.engine.ends.ends import Ends
from tuicont.core.engine.ends.notes import Notes
from tuicont.core.engine.locks import Locks
from tuicont.core.engine.names import is_id
from tuicont.core.engine.paths import Paths
from tuicont.core.engine.records import Records
from tuicont.core.engine.removal import Removal
from tuicont.core.image.garbage import is_left
from tuicont.core.model.container import Container


class Sweep:
    """Finds garbage. `sweep_images` removes that of images."""

    def __init__(
        self,
        records: Records,
        locks: Locks,
        paths: Paths,
        drivers: Drivers,
        bundles: Bundles,
        ends: Ends,
        removal: Removal,
        notes: Notes,
        sweep_images: Callable[[], object],
    ) -> None:
        self._records = records
        self._locks = locks
        self._paths = paths
        self._drivers = drivers
        self._bundles = bundles
        self._ends = ends
        self._removal = removal
        self._notes = notes
        self._sweep_images = sweep_images
        self._known: dict[str, Container] = {}
        self._kept: frozenset[str] = frozenset()

    def run(self) -> None:
        """Remove it all."""
        self._known = {container.id: container for container in self._records.store.containers()}
        self._kept = frozenset(self._known) | self._records.store.unreadable().keys()
        layers = {layer.chain_id for image in self._records.store.images() for layer in image.layers}
        unnamed = is_left(self._paths.content)
        for storage in self._drivers.used_storages():
            stored = self._drivers.storage(storage).names()
            unnamed |= any(name.startswith("sha256:") and name not in layers for name in stored)
            for name in stored:
                self._look(name, storage)
        if unnamed:
            self._sweep_images()
        for name in self._bundles.remains() | set(os.listdir(self._paths.logs)):
            self._look(name, "")
        for name in self._drivers.cgroups.groups():
            self._look(name, "")
            self._look_at_group(name)

    def _look(self, name: str, storage: str) -> None:
        if not is_id(name) or name in self._kept:
            return
        with self._locks.attempt(name) as held:
            # Looked up anew: it may have been recorded, and its maker have gone on, since it was listed.
            if held and self._records.get(name) is None:
                if pids := self._drivers.cgroups.open(name).processes():
                    # Whatever made it, and lost its record: what runs is not garbage.
                    self._notes.say(f"no record knows of {name[:12]}, in which {_few(pids)} run")
                    return
                self._ends.discard(name)
                self._removal.remove_files(name, storage)
                self._notes.add(f"the remains of {name[:12]} were removed")

    def _look_at_group(self, container_id: str) -> None:
        """The cgroup of a start that came no further: its container is recorded, and does not run."""
        container = self._known.get(container_id)
        if container is None or container.state.alive:
            return
        with self._locks.attempt(container_id) as held:
            container = self._records.get(container_id)
            if held and container is not None and not container.state.alive:
                self._ends.discard(container_id)
                self._notes.add(f"the remains of a start of {container.name} were removed")


def _few(pids: tuple[int, ...]) -> str:
    return "the processes " + " ".join(map(str, pids[:5])) + (" …" if len(pids) > 5 else "")
