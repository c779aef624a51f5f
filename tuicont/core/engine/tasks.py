"""The running side of containers: finding their tasks, and recording how they ended.

A shim leaves an exit record in the exits directory. Whichever engine sees it first `settle`s it: the
end becomes a row and an event in one transaction, and only then is what the task left cleaned up. Every
step may be repeated by another process after a crash; the record's disappearance says that all is done.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time

import msgspec

from tuicont.core.engine.context import Context
from tuicont.core.engine.specs import HOST_FILES
from tuicont.core.errors import EngineError, NotFound
from tuicont.core.model.container import Container, ExitStatus
from tuicont.core.model.state import State
from tuicont.core.runtime.base import Task
from tuicont.core.shim.records import LOST, is_exit_record, read_exit
from tuicont.core.store.store import Transaction


class Tasks:
    """The tasks that this process knows."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._known: dict[str, Task] = {}
        self._lock = threading.Lock()

    def remember(self, container_id: str, task: Task) -> None:
        """Keep a task that was just started."""
        with self._lock:
            self._known[container_id] = task

    def forget(self, container_id: str) -> Task | None:
        """Stop knowing a task."""
        with self._lock:
            return self._known.pop(container_id, None)

    def find(self, container: Container) -> Task | None:
        """The container's task, from its shim if need be; None when there is no shim any more."""
        with self._lock:
            task = self._known.get(container.id)
        if task is not None and task.pid == container.pid:
            return task
        task = self._context.runtime.load(container.id, self._context.paths.task(container.id))
        if task is not None:
            self.remember(container.id, task)
        return task

    def get(self, container: Container, operation: str) -> Task:
        """The container's task. Raises `NotFound` when its shim is gone."""
        task = self.find(container)
        if task is None:
            self.settle(container.id)
            raise NotFound(f"{operation} {container.name}", "its task has ended")
        return task

    def settle_all(self) -> None:
        """Record every end that has not been recorded."""
        for name in filter(is_exit_record, os.listdir(self._context.paths.exits)):
            self.settle(name)

    def settle(self, container_id: str, status: ExitStatus | None = None, pid: int = 0) -> ExitStatus | None:
        """Record how a container ended, if it has, and clean up after it. The status, when there is one; a
        caller that knows it already from the shim passes it on, with the pid of the init whose end it is."""
        if status is None:
            status, pid = self._read_exit(container_id), 0
        if status is None:
            return None
        container = self._record(container_id, status, pid=pid)
        with self._context.locks.attempt(container_id) as held:
            # Whoever holds the lock (a start, a remove) cleans up itself before it goes on. It may have started anew
            # since the status was read: what there is then belongs to the new task.
            if held and not any(found.state.alive for found in self._context.store.find_containers(container_id)):
                self.clean(container_id)
                self._auto_remove(container)
        return container.exit if container is not None and container.exit is not None else status

    def settle_held(self, container_id: str, status: ExitStatus | None = None, pid: int = 0) -> ExitStatus | None:
        """`settle` for a caller that holds the lock and wants the record kept (no `--rm`)."""
        if status is None:
            status, pid = self._read_exit(container_id), 0
        if status is not None:
            self._record(container_id, status, pid=pid)
            self.clean(container_id)
        return status

    def kill_all(self, container_id: str, task: Task | None) -> None:
        """SIGKILL to every process of a container. Where another hand has removed its group the init is still
        there to be killed, and takes all of its pid namespace along (pid_namespaces(7))."""
        self._context.cgroups.open(container_id).kill(signal.SIGKILL)
        if task is not None:
            task.signal(signal.SIGKILL)

    def lose(self, container: Container) -> None:
        """Record the end of a container whose shim is gone: its processes are killed, as nobody is left to
        read what they write or to see them end. The caller holds the lock."""
        self._context.cgroups.open(container.id).kill(signal.SIGKILL)
        status = msgspec.structs.replace(LOST, time_ns=time.time_ns())
        ended = self._record(container.id, status, why="its shim is gone")
        self.clean(container.id)
        self._auto_remove(ended)

    def clean(self, container_id: str) -> None:
        """Remove what an ended task left: cgroup, shim, volatile directory, exit record. Holding the lock."""
        context = self._context
        task = self.forget(container_id)
        context.cgroups.remove(container_id)
        run_dir = context.paths.task(container_id)
        # The task that this process knows may be an earlier one than another process has started since.
        if task is None or not task.release():
            with contextlib.suppress(EngineError):
                if (task := context.runtime.load(container_id, run_dir)) is not None:
                    task.release()
        context.runtime.clean(container_id, run_dir, HOST_FILES)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(context.paths.exit(container_id))

    def _read_exit(self, container_id: str) -> ExitStatus | None:
        return read_exit(self._context.paths.exit(container_id))

    def _record(self, container_id: str, status: ExitStatus, why: str = "", pid: int = 0) -> Container | None:
        """Store the end unless another process has. The container's record after it. The status is that of the init
        `pid`, or else counts only while its exit record is there: what runs by then may be the next task."""
        known = bool(pid or why)
        if status.signal == signal.SIGKILL and not status.oom_killed:
            status = msgspec.structs.replace(status, oom_killed=self._was_oom_killed(container_id))
        with self._context.store.transaction() as transaction:
            container = transaction.container(container_id)
            if container is None or not container.state.alive:
                return container
            if pid not in (0, container.pid) or not (known or self._is_recorded(container_id, status)):
                return container
            return _put_exit(transaction, container, status, why)

    def _is_recorded(self, container_id: str, status: ExitStatus) -> bool:
        there = self._read_exit(container_id)
        return there is not None and there.time_ns == status.time_ns

    def _was_oom_killed(self, container_id: str) -> bool:
        with contextlib.suppress(EngineError, OSError):
            sampler = self._context.cgroups.open(container_id).sampler()
            try:
                sample = sampler.sample()
                return sample is not None and sample.oom_kills > 0
            finally:
                sampler.close()
        return False

    def _auto_remove(self, container: Container | None) -> None:
        if container is not None and container.request.auto_remove and container.state is State.EXITED:
            with self._context.store.transaction() as transaction:
                delete_record(transaction, container)
            delete_files(self._context, container.id)


def _put_exit(transaction: Transaction, container: Container, status: ExitStatus, why: str) -> Container:
    ended = msgspec.structs.replace(
        container, state=State.EXITED, pid=0, start_time=0, exit=status, finished_ns=status.time_ns, error=why
    )
    transaction.put_container(ended)
    if status.oom_killed:
        limit = str(container.limits.memory or "")
        transaction.event("/tasks/oom", container.id, container.name, {"limit": limit}, time_ns=status.time_ns)
    detail = {"exit_code": str(status.code)} | ({"reason": why} if why else {})
    transaction.event("/tasks/exit", container.id, container.name, detail, time_ns=status.time_ns)
    return ended


def delete_record(transaction: Transaction, container: Container) -> None:
    """Forget a container. From here on its files are garbage that any engine may sweep."""
    transaction.delete_container(container.id)
    transaction.event("/containers/delete", container.id, container.name)


def delete_files(context: Context, container_id: str) -> None:
    """Remove the snapshot, bundle and log of a container that has no record (any more)."""
    context.storage.remove(container_id)
    context.trash.discard(context.paths.config(container_id))
    context.trash.discard(context.paths.log_directory(container_id))
