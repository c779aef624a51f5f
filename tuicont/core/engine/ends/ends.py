"""Recording how containers ended, and cleaning up after them. The package's docstring has the whole picture.

A container whose record is gone has no driver of its own any more: what it left is cleaned up by the native runtime.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time

import msgspec

from tuicont.core.engine.bundles import Bundles
from tuicont.core.engine.drivers import Drivers
from tuicont.core.engine.ends.known import KnownTasks
from tuicont.core.engine.locks import Locks
from tuicont.core.engine.paths import Paths
from tuicont.core.engine.records import Records
from tuicont.core.engine.removal import Removal
from tuicont.core.errors import Conflict, EngineError, NotFound
from tuicont.core.host.processes import ended_within, hangs_in
from tuicont.core.model.container import Container, ExitStatus
from tuicont.core.model.event import Topic
from tuicont.core.model.state import State
from tuicont.core.runtime.base import Task, TaskState
from tuicont.core.shim.parentage import keeper_of
from tuicont.core.shim.records import LOST, is_exit_record, read_exit
from tuicont.core.store.store import Transaction
from tuicont.core.sys.pidfd import PidFd

_AFTER_KILL_SECONDS = 4.0
_TOLD_SECONDS = 1.0


class Ends:
    """The ends of one state root's containers."""

    def __init__(
        self,
        records: Records,
        locks: Locks,
        paths: Paths,
        drivers: Drivers,
        known: KnownTasks,
        bundles: Bundles,
        removal: Removal,
    ) -> None:
        self._records = records
        self._locks = locks
        self._paths = paths
        self._drivers = drivers
        self._known = known
        self._bundles = bundles
        self._removal = removal

    # the verbs

    def settle_all(self) -> None:
        """Record every end that shims have left word of."""
        for container_id in filter(is_exit_record, os.listdir(self._paths.exits)):
            if not self._records.store.is_unreadable(container_id):
                # One that cannot be recorded or cleaned up now is there the next time.
                with contextlib.suppress(EngineError):
                    self.settle(container_id)

    def settle(self, container_id: str, told: ExitStatus | None = None, pid: int = 0) -> ExitStatus | None:
        """Record how a container ended, if it has, and clean up after it: the status then, else None. Who was told by
        its shim passes that on, with the pid of the init whose end it is."""
        status = told or self._read_exit(container_id)
        if status is None:
            return None
        container = self._record(container_id, status, pid if told else 0)
        with self._locks.attempt(container_id) as held:
            # Whoever holds the lock (a start, a removal) cleans up itself before it goes on. It may have started anew
            # since the status was read: what there is then belongs to the new task.
            if held and not self._alive(container_id):
                self._clean(container_id, container)
                self._auto_remove(container)
        return container.exit if container is not None and container.exit is not None else status

    def clear(self, container_id: str) -> Container | None:
        """Leave nothing of an earlier task: finish its end, or what a start that was cut short has left. The caller
        holds the lock and wants the record kept (no `--rm`). The record on which that was decided: one that runs was
        left alone, and may end at any moment; another stays as it is while the lock is held."""
        status = self._read_exit(container_id)
        if status is not None:
            self._record(container_id, status)
        container = self._records.get(container_id)
        if container is not None and container.state.alive:
            return container
        if status is not None:
            self._clean(container_id, container)
        elif os.path.lexists(self._paths.task(container_id)):
            self.discard(container_id)
        return container

    def discard(self, container_id: str) -> None:
        """Kill and clean up what belongs to no recorded task. The caller holds the lock."""
        self._kill_all(container_id, None)
        self._clean(container_id, self._records.get(container_id))

    def undo(self, container: Container, task: Task | None) -> None:
        """End what a start has made and could not record, as it would run unseen. The caller holds the lock."""
        self._kill_all(container.id, task)
        if task is not None:
            with contextlib.suppress(TimeoutError, EngineError):
                task.wait(_AFTER_KILL_SECONDS)
        self._clean(container.id, container)

    def repair(self, container_id: str) -> Container | None:
        """Record the end of a container that says it runs, but has ended or has no shim. Its record afterwards."""
        with self._locks.attempt(container_id) as held:
            container = self._records.get(container_id)
            if held and container is not None and container.state.alive:
                self._look(container)
        return self._records.get(container_id)

    def kill(self, container: Container) -> Container | None:
        """End it now: SIGKILL to every process, and its end recorded. The record afterwards, None when it removed
        itself (`--rm`). Raises `Conflict` when it does not end for some seconds."""
        keeper = keeper_of(container.pid, container.start_time)
        self._kill_all(container.id, None)
        try:
            task = self._known.find(container)
        except Conflict:
            task = None
        if task is None:
            return self._end_unheard(container, keeper)
        self._kill_all(container.id, task)
        try:
            self.await_end(container, task, _AFTER_KILL_SECONDS)
        except TimeoutError:
            raise self.not_ended(container.id, f"kill {container.name}") from None
        now = self._records.get(container.id)
        if now is not None and now.state.alive and now.pid == container.pid:
            # Its shim is just being killed, and looked alive to who looked.
            return self._end_unheard(container, keeper)
        return now

    def end_held(self, container_id: str) -> Container | None:
        """`kill`, if it runs, and `clear`, by who holds the lock: nobody starts it anew before that one has done. The
        record afterwards."""
        container = self.clear(container_id)
        if container is None or not container.state.alive:
            return container
        self.kill(container)
        left = self.clear(container_id)
        if left is not None and left.state.alive:
            self._look(left)
            return self._records.get(container_id)
        return left

    def cut_short(self, container_id: str) -> None:
        """Kill what a start that is under way has made so far. The lock is not asked for."""
        self._kill_all(container_id, None)

    def not_ended(self, container_id: str, operation: str) -> Conflict:
        """Why something that was killed is still there: the kernel does not let go of what waits in it."""
        for pid in self._drivers.cgroups.open(container_id).processes():
            if where := hangs_in(pid):
                cause = f"its process {pid} hangs in the kernel ({where}) and cannot be killed"
                return Conflict(operation, cause, hint="it ends when what it waits for answers: a file system, mostly")
        return Conflict(operation, f"it has not ended for {_AFTER_KILL_SECONDS:.0f} s")

    def await_end(self, container: Container, task: Task, seconds: float | None) -> ExitStatus | None:
        """Wait for the end of `task` and settle it; None when the task is gone, as another thread cleaned up after it
        or its shim was killed: that is recorded too. Raises `TimeoutError` after `seconds` (None: never)."""
        try:
            status = task.wait(seconds)
        except NotFound:
            self._known.forget(container.id)  # else what it is looked at by is a shim that is gone
            self.repair(container.id)
            return None
        return self.settle(container.id, status, task.pid) or status

    def await_record(self, container: Container, seconds: float | None) -> bool:
        """`await_end` of a container whose shim cannot be asked: the kernel tells that its init has ended. Whether a
        record of how is there, or comes a moment later. Raises `TimeoutError` after `seconds` (None: never)."""
        if not ended_within(container.pid, container.start_time, seconds):
            raise TimeoutError(f"{container.short_id} still runs")
        deadline = time.monotonic() + _TOLD_SECONDS
        while self._read_exit(container.id) is None:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)
        return True

    # below here nothing is a verb

    def _look(self, container: Container) -> None:
        """Holding the lock: is it true that `container` runs?"""
        if (task := self._known.find(container)) is None:
            if self._read_exit(container.id) is not None:
                self.clear(container.id)
            elif keeper_of(container.pid, container.start_time) is None:
                self._lose(container)
            # Else it is kept, by a shim that cannot be reached: its directory was removed, or lies under a mount.
            return
        try:
            # A full disk may have had no room for the exit record; its shim knows, and is about to say how it was.
            status = task.wait(_TOLD_SECONDS if task.state is TaskState.ENDED else 0)
        except (TimeoutError, EngineError):
            return
        self._record(container.id, status, container.pid)
        self._clean(container.id, container)

    def _end_unheard(self, container: Container, keeper: PidFd | None) -> Container | None:
        """The end of a container whose shim cannot be asked. One that was stopped is ended too: it would never tell."""
        try:
            recorded = self.await_record(container, _AFTER_KILL_SECONDS)
        except TimeoutError:
            raise self.not_ended(container.id, f"kill {container.name}") from None
        if keeper is not None and not recorded:
            keeper.send(signal.SIGKILL)
            keeper.wait(_TOLD_SECONDS)
        return self.repair(container.id)

    def _lose(self, container: Container) -> None:
        """Its shim is gone: its processes are killed, as nobody is left to read what they write or to see them end."""
        self._drivers.cgroups.open(container.id).kill(signal.SIGKILL)
        status = msgspec.structs.replace(LOST, time_ns=time.time_ns())
        ended = self._record(container.id, status, container.pid, why="its shim is gone")
        self._clean(container.id, container)
        self._auto_remove(ended)

    def _kill_all(self, container_id: str, task: Task | None) -> None:
        """SIGKILL to every process of a container. Where another hand has removed its group the init is still
        there to be killed, and takes all of its pid namespace along (pid_namespaces(7))."""
        self._drivers.cgroups.open(container_id).kill(signal.SIGKILL)
        if task is not None:
            task.signal(signal.SIGKILL)

    def _record(self, container_id: str, status: ExitStatus, pid: int = 0, why: str = "") -> Container | None:
        """Store the end unless another process has. The container's record after it. The status is that of the init
        `pid`, or else counts only while its exit record is there: what runs by then may be the next task."""
        if status.signal == signal.SIGKILL and not status.oom_killed:
            status = msgspec.structs.replace(status, oom_killed=self._was_oom_killed(container_id))
        with self._records.transaction() as transaction:
            container = transaction.container(container_id)
            if container is None or not container.state.alive:
                return container
            if pid != container.pid if pid else not self._is_recorded(container_id, status):
                return container
            return self._put_exit(transaction, container, status, why)

    def _put_exit(self, transaction: Transaction, container: Container, status: ExitStatus, why: str) -> Container:
        ended = msgspec.structs.replace(
            container, state=State.EXITED, pid=0, start_time=0, exit=status, finished_ns=status.time_ns, error=why
        )
        transaction.put_container(ended)
        about = ended.id, ended.name
        if status.oom_killed:
            detail = {"limit": str(self._memory_limit(ended) or "")}
            transaction.event(Topic.TASK_OOM, *about, detail, time_ns=status.time_ns)
        detail = {"exit_code": str(status.code)} | ({"reason": why} if why else {})
        transaction.event(Topic.TASK_EXIT, *about, detail, time_ns=status.time_ns)
        return ended

    def _clean(self, container_id: str, container: Container | None) -> None:
        """Remove what an ended task left: cgroup, shim, volatile directory, exit record. Holding the lock."""
        task, run_dir = self._known.forget(container_id), self._paths.task(container_id)
        runtime = self._drivers.keeping_runtime(container.runtime if container else "")
        self._drivers.cgroups.remove(container_id)
        # The task that this process knows may be an earlier one than another process has started since.
        if task is None or not task.release():
            with contextlib.suppress(EngineError):
                if (task := runtime.load(container_id, run_dir)) is not None:
                    task.release()
        # Before the directory, by which a later engine sees that there is something to clean up.
        self._bundles.discard_host_files(container_id)
        runtime.clean(container_id, run_dir)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._paths.exit(container_id))

    def _auto_remove(self, container: Container | None) -> None:
        if container is not None and container.request.auto_remove and container.state is State.EXITED:
            self._removal.remove(container)

    def _alive(self, container_id: str) -> bool:
        container = self._records.get(container_id)
        return container is not None and container.state.alive

    def _read_exit(self, container_id: str) -> ExitStatus | None:
        return read_exit(self._paths.exit(container_id))

    def _is_recorded(self, container_id: str, status: ExitStatus) -> bool:
        there = self._read_exit(container_id)
        return there is not None and there.time_ns == status.time_ns

    def _was_oom_killed(self, container_id: str) -> bool:
        with contextlib.suppress(EngineError, OSError):
            sampler = self._drivers.cgroups.open(container_id).sampler()
            try:
                sample = sampler.sample()
                return sample is not None and sample.oom_kills > 0
            finally:
                sampler.close()
        return False

    def _memory_limit(self, container: Container) -> int | None:
        with contextlib.suppress(EngineError):
            return self._bundles.limits(container).memory
        return None
