"""Taking a container away for good: its record first, as files without one are garbage that any engine may sweep."""

from __future__ import annotations

import contextlib

from tuicont.core.engine.bundles import Bundles
from tuicont.core.engine.drivers import Drivers
from tuicont.core.engine.paths import Paths
from tuicont.core.engine.records import Records
from tuicont.core.errors import Invalid
from tuicont.core.files.trash import Trash
from tuicont.core.model.container import Container
from tuicont.core.model.event import Topic


class Removal:
    """What is done when a container goes. The caller holds its lock."""

    def __init__(self, records: Records, drivers: Drivers, bundles: Bundles, paths: Paths, trash: Trash) -> None:
        self._records = records
        self._drivers = drivers
        self._bundles = bundles
        self._paths = paths
        self._trash = trash

    def remove(self, container: Container) -> None:
        """Forget a container, say so, and remove its files."""
        with contextlib.ExitStack() as on_failure:
            # A signal may come at any moment: what is forgotten is removed all the same.
            on_failure.callback(self._finish, container)
            with self._records.transaction() as transaction:
                transaction.delete_container(container.id)
                transaction.event(Topic.CONTAINER_DELETE, container.id, container.name)
            self.remove_files(container.id, container.storage)
            on_failure.pop_all()

    def _finish(self, container: Container) -> None:
        if self._records.get(container.id) is None:
            self.remove_files(container.id, container.storage)

    def remove_files(self, container_id: str, storage: str) -> None:
        """Remove the snapshot, specification and log of a container that has no record (any more). Without `storage` it
        is not known which driver has the snapshot; what one that this version has not keeps stays there."""
        for name in (storage,) if storage else self._drivers.used_storages():
            with contextlib.suppress(Invalid):
                self._drivers.storage(name).remove(container_id)
        self._bundles.discard(container_id)
        self._trash.discard(self._paths.log_directory(container_id))
