"""What is changed of a container that there is: its name, and its limits in the kernel and in its specification."""

from __future__ import annotations

import contextlib
from typing import Any

import msgspec

from tuicont.core.engine.bundles import Bundles
from tuicont.core.engine.drivers import Drivers
from tuicont.core.engine.locks import Locks
from tuicont.core.engine.records import Records, current, telling
from tuicont.core.errors import AlreadyExists, Invalid, kernel_error
from tuicont.core.model.container import Container
from tuicont.core.model.event import Topic
from tuicont.core.model.host import HostFacts
from tuicont.core.model.limits import Limits
from tuicont.core.model.state import Verb
from tuicont.core.spec import resources
from tuicont.core.spec.limits import limit_problems, resources_with, sections_of, with_swap
from tuicont.core.spec.validate import is_name
from tuicont.core.store.store import NameTaken


class Changes:
    """Changes containers."""

    def __init__(self, records: Records, locks: Locks, drivers: Drivers, bundles: Bundles, host: HostFacts) -> None:
        self._records = records
        self._locks = locks
        self._drivers = drivers
        self._bundles = bundles
        self._host = host

    def rename(self, ref: str, name: str) -> Container:
        """See `api.Containers`."""
        container = self._records.require(ref, Verb.RENAME)
        operation = f"rename {container.name} to {name}"
        if not is_name(name):
            raise Invalid(operation, "a name is letters, digits, _ . and -, and begins with a letter or digit")
        with self._locks.container(container.id):
            try:
                with self._records.transaction() as transaction:
                    before = current(transaction, container.id, Verb.RENAME)
                    renamed = msgspec.structs.replace(before, name=name)
                    transaction.put_container(renamed)
                    transaction.event(Topic.CONTAINER_RENAME, container.id, name, {"old_name": before.name})
            except NameTaken:
                raise AlreadyExists(operation, "another container has that name") from None
            self._bundles.keep_record(renamed)
        return renamed

    def update(self, ref: str, limits: Limits) -> Container:
        """See `api.Containers`."""
        container = self._records.require(ref, Verb.UPDATE)
        with self._locks.container(container.id), telling(f"update {container.name}"):
            container = self._records.require(container.id, Verb.UPDATE)
            before = self._bundles.limits(container)
            limits = with_swap(limits, before, self._host)
            if problems := limit_problems(before.merged(limits), self._host):
                raise Invalid("update", problems[0].message, stage=problems[0].field)
            wanted = resources_with(self._bundles.spec(container)["linux"]["resources"], limits)
            with contextlib.ExitStack() as on_failure:
                if container.state.alive:
                    # Whole sections: what memory and swap come to depends on both.
                    touched = {section: wanted[section] for section in sections_of(limits)}
                    # The kernel must not hold it to what is written nowhere.
                    on_failure.callback(self._drivers.cgroups.open(container.id).apply(resources.read(touched)))
                updated = self._put_resources(container, wanted, limits)
                on_failure.pop_all()
            return updated

    def _put_resources(self, container: Container, wanted: dict[str, Any], change: Limits) -> Container:
        """Rewrite the specification, and say so. The caller holds the lock."""
        spec = self._bundles.spec(container)
        changed = {**spec, "linux": {**spec["linux"], "resources": wanted}}
        with self._records.transaction() as transaction:
            before = current(transaction, container.id, Verb.UPDATE)
            updated = msgspec.structs.replace(before, revision=before.revision + 1)
            transaction.put_container(updated)
            transaction.event(Topic.CONTAINER_UPDATE, updated.id, updated.name, _named(change))
            try:
                # Inside, so that a specification that cannot be written leaves the record as it was.
                self._bundles.keep(updated, changed)
            except OSError as error:
                raise kernel_error("update", f"write {error.filename or 'the specification'}", error) from None
        return updated


def _named(limits: Limits) -> dict[str, str]:
    return {f: str(v) for f in limits.__struct_fields__ if (v := getattr(limits, f)) is not None}
