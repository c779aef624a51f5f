"""What is done when an engine opens a state root: the records are held against the kernel.

A process that was killed in the middle of a verb leaves one of few things, and each is finished here: an
exit record that nobody stored, a task without a running record (adopted), a running record without a
task (its end is recorded), a container that is frozen or thawed and not recorded so (recorded). What no record knows is
the matter of `sweep.py`. What another process is at work on is locked and left alone.
On a clean root this is a handful of directory listings.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

import msgspec

from tuicont.core.engine.bundles import Bundles
from tuicont.core.engine.drivers import Drivers
from tuicont.core.engine.ends.ends import Ends
from tuicont.core.engine.ends.known import KnownTasks
from tuicont.core.engine.ends.notes import Notes
from tuicont.core.engine.locks import Locks
from tuicont.core.engine.paths import Paths
from tuicont.core.engine.records import Records, put_state
from tuicont.core.errors import EngineError
from tuicont.core.host.processes import same_process
from tuicont.core.model.container import Container
from tuicont.core.model.event import Topic
from tuicont.core.model.state import State
from tuicont.core.runtime.base import Task, TaskState
from tuicont.core.store.store import NameTaken

_MOMENT_SECONDS = 1.0


class Reconciler:
    """Brings records and kernel to agree."""

    def __init__(
        self,
        records: Records,
        locks: Locks,
        paths: Paths,
        drivers: Drivers,
        known: KnownTasks,
        bundles: Bundles,
        ends: Ends,
        notes: Notes,
    ) -> None:
        self._records = records
        self._locks = locks
        self._paths = paths
        self._drivers = drivers
        self._known = known
        self._bundles = bundles
        self._ends = ends
        self._notes = notes

    def run(self) -> None:
        """Do it all. Safe beside other engines at work on the same root."""
        self._ends.settle_all()
        records = {c.id: c for c in self._records.store.containers()}
        tasks = set(os.listdir(self._paths.tasks))
        unreadable = self._records.store.unreadable()
        for container_id, reason in unreadable.items():
            self._notes.say(f"the record of {container_id} cannot be read ({reason}); rm -f of that id removes it")
        for container in records.values():
            if container.state.alive:
                with self._told(container.name):
                    self._look_at(container, there=container.id in tasks)
        for container_id in tasks - unreadable.keys():
            found = records.get(container_id)
            if found is None or not found.state.alive:
                with self._told(container_id):
                    self._adopt_or_clear(container_id)

    def _look_at(self, container: Container, *, there: bool) -> None:
        if not (there and self._lives(container)):
            self._ends.repair(container.id)
        elif self._frozen_as_not_recorded(container):
            self._record_frozen_or_not(container.id)

    @contextlib.contextmanager
    def _told(self, name: str) -> Iterator[None]:
        """What cannot be done for one container holds up nobody else."""
        try:
            yield
        except EngineError as error:
            self._notes.say(f"{name} was not looked after: {error.cause}")

    def adopt_records(self) -> None:
        """Put back the containers whose records were lost, from what create wrote into their bundles."""
        for container_id in self._bundles.ids():
            with contextlib.suppress(EngineError):
                container = self._bundles.record(container_id)
                self._put_back(container)
                self._notes.add(f"{container.name} was put back from its bundle")

    def _put_back(self, container: Container) -> None:
        for name in (container.name, f"{container.name}-{container.short_id}"):
            with contextlib.suppress(NameTaken), self._records.transaction() as transaction:
                transaction.put_container(msgspec.structs.replace(container, name=name))
                return

    def _lives(self, container: Container) -> bool:
        """Whether both its init and the shim that looks after it are there."""
        return same_process(container.pid, container.start_time) and self._drivers.keeping_runtime(
            container.runtime
        ).alive(self._paths.task(container.id))

    def _frozen_as_not_recorded(self, container: Container) -> bool:
        return self._drivers.cgroups.frozen(container.id) != (container.state is State.PAUSED)

    def _record_frozen_or_not(self, container_id: str) -> None:
        """Who froze or thawed it did not live to record that."""
        with self._locks.attempt(container_id) as held, self._records.transaction() as transaction:
            found = transaction.container(container_id) if held else None
            if found is None or not found.state.alive or not self._frozen_as_not_recorded(found):
                return
            paused = found.state is not State.PAUSED
            state, topic = (State.PAUSED, Topic.TASK_PAUSED) if paused else (State.RUNNING, Topic.TASK_RESUMED)
            put_state(transaction, found, state, topic, {"adopted": "true"})

    def _adopt_or_clear(self, container_id: str) -> None:
        """A task directory whose container is not recorded as running: its start, or what is left of it. A shim
        holds the lock until the birth is over, so this waits a moment for that. One that takes longer may hang in the
        kernel: it is for whoever comes later."""
        with self._locks.attempt(container_id, _MOMENT_SECONDS) as held:
            container = self._records.get(container_id)
            if not held or (container is not None and container.state.alive):
                return
            task = self._known.load(container) if container is not None else None
            if container is not None and task is not None and task.state is not TaskState.CREATED:
                self._adopt(container, task)
                return
            self._ends.clear(container_id)
            self._notes.add(f"the remains of a start of {container_id[:12]} were removed")

    def _adopt(self, container: Container, task: Task) -> None:
        with self._records.transaction() as transaction:
            state = State.PAUSED if self._drivers.cgroups.frozen(container.id) else State.RUNNING
            adopted = msgspec.structs.replace(
                container, state=state, pid=task.pid, start_time=task.start_time, exit=None, error=""
            )
            transaction.put_container(adopted)
            detail = {"pid": str(task.pid), "adopted": "true"}
            transaction.event(Topic.TASK_START, container.id, container.name, detail)
        self._known.remember(container.id, task)
        self._notes.add(f"{container.name} was running and was adopted")
