"""The verbs on a container that exists: stop, kill, restart, pause, unpause, rename, update, wait.

Verbs that wait for the container (stop, wait) or must work while another waits (kill) take no lock:
the end of a container is recorded by whoever sees it first (`tasks.py`). The others hold the
container's lock and check its state again inside their transaction.
"""

from __future__ import annotations

import signal
import time

import msgspec

from tuicont.core.engine.context import Context, telling
from tuicont.core.engine.lifecycle import Lifecycle
from tuicont.core.engine.tasks import Tasks
from tuicont.core.errors import AlreadyExists, Invalid, NotFound
from tuicont.core.model.container import Container, ExitStatus
from tuicont.core.model.limits import Limits
from tuicont.core.model.state import State, Verb
from tuicont.core.runtime.base import Task
from tuicont.core.spec import resources, signals
from tuicont.core.spec.limits import limit_problems, resources_with
from tuicont.core.spec.validate import is_name
from tuicont.core.store.store import NameTaken

_AFTER_KILL_SECONDS = 10.0


class Control:
    """Changes how containers run."""

    def __init__(self, context: Context, tasks: Tasks, lifecycle: Lifecycle) -> None:
        self._context = context
        self._tasks = tasks
        self._lifecycle = lifecycle

    def stop(self, ref: str, signal_name: str, timeout: float | None) -> Container:
        """Ask the init to end; kill all processes when it has not after `timeout` seconds (negative: never)."""
        container = self._context.require(ref, Verb.STOP)
        number = _signal(signal_name or container.stop_signal or "SIGTERM", f"stop {container.name}")
        patience = container.request.stop_timeout if timeout is None else timeout
        if (task := self._tasks.find(container)) is None:
            return self._found_ended(container)
        # Frozen processes cannot act on a signal.
        if container.state is State.PAUSED:
            self.unpause(container.id)
        self._announce_kill(container, number)
        task.signal(number)
        try:
            status = self._await_end(container, task, None if patience < 0 else patience)
        except TimeoutError:
            self._tasks.kill_all(container.id, task)
            status = self._await_end(container, task, _AFTER_KILL_SECONDS)
        self._tasks.settle(container.id, status, task.pid)
        return self._after(container)

    def kill(self, ref: str, signal_name: str) -> Container:
        """Signal the init; SIGKILL goes to every process, so that no fork escapes."""
        container = self._context.require(ref, Verb.KILL)
        number = _signal(signal_name, f"kill {container.name}")
        if number != signal.SIGKILL:
            task = self._tasks.get(container, "kill")
            self._announce_kill(container, number)
            task.signal(number)
            return container
        # Before its shim is asked: that waits for a process which it is making, and which may have been stopped.
        self._tasks.kill_all(container.id, None)
        self._announce_kill(container, number)
        if (found := self._tasks.find(container)) is not None:
            self._tasks.kill_all(container.id, found)
            status = self._await_end(container, found, _AFTER_KILL_SECONDS)
            self._tasks.settle(container.id, status, found.pid)
            return self._after(container)
        return self._found_ended(container)

    def restart(self, ref: str, timeout: float | None) -> Container:
        """Stop it if it runs, then start it."""
        container = self._context.require(ref, Verb.RESTART)
        if container.state.alive:
            self.stop(container.id, "", timeout)
        return self._lifecycle.start(container.id, restarted=True)

    def pause(self, ref: str) -> Container:
        """Freeze every process."""
        container = self._context.require(ref, Verb.PAUSE)
        with self._context.locks.hold(container.id), telling(f"pause {container.name}"):
            began = time.perf_counter_ns()
            cgroup = self._context.cgroups.open(container.id)
            cgroup.freeze()
            took = time.perf_counter_ns() - began
            count = str(len(cgroup.processes()))
            return self._put_state(
                container.id, Verb.PAUSE, State.PAUSED, "/tasks/paused", microseconds=str(took // 1000), processes=count
            )

    def unpause(self, ref: str) -> Container:
        """Thaw."""
        container = self._context.require(ref, Verb.UNPAUSE)
        with self._context.locks.hold(container.id), telling(f"unpause {container.name}"):
            self._context.cgroups.open(container.id).thaw()
            return self._put_state(container.id, Verb.UNPAUSE, State.RUNNING, "/tasks/resumed")

    def rename(self, ref: str, name: str) -> Container:
        """Give it another name."""
        container = self._context.require(ref, Verb.RENAME)
        operation = f"rename {container.name} to {name}"
        if not is_name(name):
            raise Invalid(operation, "a name is letters, digits, _ . and -, and begins with a letter or digit")
        with self._context.locks.hold(container.id):
            try:
                with self._context.store.transaction() as transaction:
                    current = self._context.current(transaction, container.id, Verb.RENAME)
                    renamed = msgspec.structs.replace(current, name=name)
                    transaction.put_container(renamed)
                    transaction.event("/containers/rename", container.id, name, {"old_name": current.name})
            except NameTaken:
                raise AlreadyExists(operation, "another container has that name") from None
            self._lifecycle.keep_record(renamed)
        return renamed

    def update(self, ref: str, limits: Limits) -> Container:
        """Change limits, in the kernel first if it runs."""
        container = self._context.require(ref, Verb.UPDATE)
        operation = f"update {container.name}"
        if problems := limit_problems(container.limits.merged(limits), self._lifecycle.host):
            raise Invalid(operation, problems[0].message, stage=problems[0].field)
        with self._context.locks.hold(container.id):
            container = self._context.require(container.id, Verb.UPDATE)
            if container.state.alive:
                with telling(operation):
                    changed = resources_with({}, _with_partner(container.limits, limits))
                    self._context.cgroups.open(container.id).apply(resources.read(changed))
            with self._context.store.transaction() as transaction:
                current = self._context.current(transaction, container.id, Verb.UPDATE)
                updated = msgspec.structs.replace(current, limits=current.limits.merged(limits))
                transaction.put_container(updated)
                transaction.event("/containers/update", container.id, container.name, _named(limits))
            self._lifecycle.keep_record(updated)
        return updated

    def wait(self, ref: str, timeout: float | None) -> ExitStatus:
        """Block until it does not run."""
        container = self._context.find(ref, f"wait for {ref}")
        while container.state.alive:
            task = self._tasks.find(container)
            if task is not None and (status := self._await_end(container, task, timeout)) is not None:
                return self._tasks.settle(container.id, status, task.pid) or status
            self._lifecycle.repair(container.id)
            container = self._context.find(container.id, f"wait for {ref}")
        return container.exit or ExitStatus(code=0)

    def _await_end(self, container: Container, task: Task, seconds: float | None) -> ExitStatus | None:
        """How it ended; None when the task is gone, as another thread cleaned up after it or its shim was killed."""
        try:
            return task.wait(seconds)
        except NotFound:
            self._lifecycle.repair(container.id)
            return None

    def _announce_kill(self, container: Container, number: int) -> None:
        self._context.announce("/tasks/kill", container, {"signal": signals.name(number)})

    def _found_ended(self, container: Container) -> Container:
        """Its task is gone since its record was read: another process has seen it end, or its shim was killed."""
        self._lifecycle.repair(container.id)
        return self._after(container)

    def _after(self, container: Container) -> Container:
        """The record now; the last one known when it removed itself (`--rm`)."""
        found = self._context.store.find_containers(container.id)
        return found[0] if found else msgspec.structs.replace(container, state=State.EXITED, pid=0, start_time=0)

    def _put_state(self, container_id: str, verb: Verb, state: State, topic: str, **detail: str) -> Container:
        with self._context.store.transaction() as transaction:
            current = self._context.current(transaction, container_id, verb)
            changed = msgspec.structs.replace(current, state=state)
            transaction.put_container(changed)
            transaction.event(topic, container_id, current.name, detail)
        return changed


def _with_partner(current: Limits, change: Limits) -> Limits:
    """Memory and swap go together: the kernel's files for one depend on the other's value."""
    if change.memory is None and change.memory_swap is None:
        return change
    merged = current.merged(change)
    return msgspec.structs.replace(change, memory=merged.memory, memory_swap=merged.memory_swap)


def _signal(text: str, operation: str) -> int:
    try:
        return signals.number(text)
    except ValueError as error:
        raise Invalid(operation, str(error), hint="a signal is a name (SIGTERM, term) or a number") from None


def _named(limits: Limits) -> dict[str, str]:
    return {f: str(v) for f in limits.__struct_fields__ if (v := getattr(limits, f)) is not None}
