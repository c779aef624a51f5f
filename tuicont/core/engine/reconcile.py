"""What is done when an engine opens a state root: the store is held against the kernel and the disk.

A process that was killed in the middle of a verb leaves one of few things, and each is finished here: an
exit record that nobody stored, a task without a running record (adopted), a running record without a
task (its end is recorded), a container that is frozen or thawed and not recorded so (recorded), and files,
snapshots or cgroups without a record (removed). What another process is at work on is locked and left alone.
On a clean root this is a handful of directory listings.
"""

from __future__ import annotations

import contextlib
import os

import msgspec

from tuicont.core.engine.context import Context
from tuicont.core.engine.lifecycle import RECORD, Lifecycle
from tuicont.core.engine.tasks import Tasks, delete_files
from tuicont.core.errors import EngineError
from tuicont.core.host.processes import same_process
from tuicont.core.model.container import Container
from tuicont.core.model.state import State
from tuicont.core.runtime.base import Task
from tuicont.core.store.store import NameTaken

_container = msgspec.json.Decoder(Container).decode


class Reconciler:
    """Brings records, kernel and disk to agree. `notes` says what was repaired, one line each."""

    def __init__(self, context: Context, tasks: Tasks, lifecycle: Lifecycle) -> None:
        self._context = context
        self._tasks = tasks
        self._lifecycle = lifecycle
        self.notes: list[str] = []

    def run(self) -> None:
        """Do it all. Safe beside other engines at work on the same root."""
        context = self._context
        if context.store.moved_aside:
            self._note(f"the state database was corrupt and was moved to {context.store.moved_aside}")
        if context.store.is_new:
            # On a new state root there is nothing to put back; else the file was lost.
            self._adopt_records()
        self._tasks.settle_all()
        records = {c.id: c for c in context.store.containers()}
        tasks = set(os.listdir(context.paths.tasks))
        for container in records.values():
            if not container.state.alive:
                continue
            if not (container.id in tasks and self._lives(container)):
                self._lifecycle.repair(container.id)
            elif self._frozen_as_not_recorded(container):
                self._record_frozen_or_not(container.id)
        for container_id in tasks:
            found = records.get(container_id)
            if found is None or not found.state.alive:
                self._adopt_or_clean(container_id)
        self._sweep(records.keys())

    def _lives(self, container: Container) -> bool:
        """Whether both its init and the shim that looks after it are there."""
        run_dir = self._context.paths.task(container.id)
        return same_process(container.pid, container.start_time) and self._context.runtime.alive(run_dir)

    def _frozen_as_not_recorded(self, container: Container) -> bool:
        return self._context.cgroups.open(container.id).frozen() != (container.state is State.PAUSED)

    def _record_frozen_or_not(self, container_id: str) -> None:
        """Who froze or thawed it did not live to record that."""
        with self._context.locks.attempt(container_id) as held, self._context.store.transaction() as transaction:
            found = transaction.container(container_id) if held else None
            if found is None or not found.state.alive or not self._frozen_as_not_recorded(found):
                return
            paused = found.state is not State.PAUSED
            state, topic = (State.PAUSED, "/tasks/paused") if paused else (State.RUNNING, "/tasks/resumed")
            transaction.put_container(msgspec.structs.replace(found, state=state))
            transaction.event(topic, container_id, found.name, {"adopted": "true"})

    def _adopt_records(self) -> None:
        """Put back the containers whose records were lost, from what create wrote into their bundles."""
        for container_id in self._configured():
            with contextlib.suppress(EngineError, KeyError, TypeError, msgspec.DecodeError):
                container = _container(self._lifecycle.spec(container_id)["annotations"][RECORD])
                self._put_back(container)
                self._note(f"{container.name} was put back from its bundle")
        self._context.images.recover()

    def _put_back(self, container: Container) -> None:
        for name in (container.name, f"{container.name}-{container.short_id}"):
            with contextlib.suppress(NameTaken), self._context.store.transaction() as transaction:
                transaction.put_container(msgspec.structs.replace(container, name=name))
                return

    def _adopt_or_clean(self, container_id: str) -> None:
        """A task directory whose container is not recorded as running: its start, or what is left of it. A shim
        holds the lock until the birth is over, so this waits for that."""
        with self._context.locks.hold(container_id):
            found = self._context.store.find_containers(container_id)
            if found and found[0].state.alive:
                return
            task = self._context.runtime.load(container_id, self._context.paths.task(container_id))
            if found and task is not None:
                self._adopt(found[0], task)
                return
            self._context.cgroups.open(container_id).kill(9)
            self._tasks.clean(container_id)
            self._note(f"the remains of a start of {container_id[:12]} were removed")

    def _adopt(self, container: Container, task: Task) -> None:
        with self._context.store.transaction() as transaction:
            state = State.PAUSED if self._context.cgroups.open(container.id).frozen() else State.RUNNING
            adopted = msgspec.structs.replace(
                container, state=state, pid=task.pid, start_time=task.start_time, exit=None, error=""
            )
            transaction.put_container(adopted)
            transaction.event("/tasks/start", container.id, container.name, {"pid": str(task.pid), "adopted": "true"})
        self._tasks.remember(container.id, task)
        self._note(f"{container.name} was running and was adopted")

    def _sweep(self, known: object) -> None:
        """Remove directories, snapshots and cgroups that belong to no record."""
        context = self._context
        stored = context.storage.names()
        layers = {name for name in stored if name.startswith("sha256:")}
        if layers - {layer.chain_id for image in context.store.images() for layer in image.layers}:
            context.images.sweep()
        names = self._configured() | set(os.listdir(context.paths.logs)) | (set(stored) - layers)
        names |= set(context.cgroups.groups())
        for name in names:
            if not context.store.find_containers(name):
                self._sweep_one(name)
        for name in context.cgroups.groups():
            if (found := context.store.find_containers(name)) and not found[0].state.alive:
                self._remove_unused_group(name)

    def _remove_unused_group(self, container_id: str) -> None:
        """The cgroup of a start that came no further: its container is recorded, and does not run."""
        with self._context.locks.attempt(container_id) as held:
            found = self._context.store.find_containers(container_id)
            if held and found and not found[0].state.alive:
                self._context.cgroups.open(container_id).kill(9)
                self._tasks.clean(container_id)
                self._note(f"the remains of a start of {found[0].name} were removed")

    def _sweep_one(self, name: str) -> None:
        try:
            int(name[:15], 16)
        except ValueError:
            return
        with self._context.locks.attempt(name) as held:
            # Looked up again: it may have been recorded, and its maker have gone on, since it was listed.
            if held and not self._context.store.find_containers(name):
                self._context.cgroups.open(name).kill(9)
                self._tasks.clean(name)
                delete_files(self._context, name)
                self._note(f"the remains of {name[:12]} were removed")

    def _configured(self) -> set[str]:
        """Ids of containers that have a specification on disk."""
        return {name.removesuffix(".json") for name in os.listdir(self._context.paths.containers)}

    def _note(self, text: str) -> None:
        self.notes.append(text)
        with self._context.store.transaction() as transaction:
            transaction.event("/engine/repair", "", "engine", {"what": text})
