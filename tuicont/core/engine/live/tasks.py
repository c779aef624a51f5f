"""The verbs on a container's running side. Implements `api.Tasks`.

Verbs that wait for the container (stop, wait) or must work while another waits (kill) take no lock: the end of a
container is recorded by whoever sees it first (`ends`). The others hold the container's lock and check its state again
inside their transaction.
"""

from __future__ import annotations

import contextlib
import signal as signals_
import time
from collections.abc import Iterator

import msgspec

from tuicont.core.engine.births.identity import resolve_running
from tuicont.core.engine.births.starts import Starts
from tuicont.core.engine.drivers import Drivers
from tuicont.core.engine.ends.ends import Ends
from tuicont.core.engine.ends.known import KnownTasks
from tuicont.core.engine.live.room import leave_room
from tuicont.core.engine.live.sessions import Sessions
from tuicont.core.engine.locks import Locks
from tuicont.core.engine.records import JUST_ENDED, Records, current, put_state, telling
from tuicont.core.errors import Conflict, EngineError, Invalid
from tuicont.core.host.processes import ended_within, held
from tuicont.core.model import signals
from tuicont.core.model.container import Container, ExitStatus
from tuicont.core.model.event import Topic
from tuicont.core.model.request import ExecRequest
from tuicont.core.model.state import State, Verb
from tuicont.core.runtime.base import Session, Task
from tuicont.core.spec.users import Identity

_DYING_SECONDS = 0.05
"""From the first process of a container that a kill ends to its init."""


class LocalTasks:
    """Changes how containers run."""

    def __init__(
        self,
        records: Records,
        locks: Locks,
        drivers: Drivers,
        known: KnownTasks,
        starts: Starts,
        ends: Ends,
        sessions: Sessions,
    ) -> None:
        self._records = records
        self._locks = locks
        self._drivers = drivers
        self._known = known
        self._starts = starts
        self._ends = ends
        self._sessions = sessions

    def start(self, ref: str) -> Container:
        return self._starts.start(ref)[0]

    def start_attached(self, ref: str, *, stdin: bool = True, rows: int = 24, cols: int = 80) -> Session:
        leave_room(f"start {ref}")
        container, task = self._starts.start(ref, console=(rows, cols))
        return task.attach(stdin=stdin and container.request.stdin_open)

    def attach(self, ref: str, *, stdin: bool = True) -> Session:
        container = self._records.require(ref, Verb.ATTACH)
        leave_room(f"attach to {container.name}")
        return self._task(container, "attach").attach(stdin=stdin and container.request.stdin_open)

    def exec(self, ref: str, request: ExecRequest) -> Session:
        container = self._records.require(ref, Verb.EXEC)
        # Before the lock, or files on a file system that hangs would keep the container from being removed.
        try:
            identity = self._identity(container, request.user) if request.user else None
        except ProcessLookupError:
            raise Conflict(f"exec in {container.name}", JUST_ENDED) from None
        leave_room(f"exec in {container.name}")
        # A pause meanwhile would freeze the new process before it has executed anything. Another exec may go on.
        with self._locks.container(container.id, shared=True):
            container = self._records.require(container.id, Verb.EXEC)
            with _alive(container, "exec in"):
                return self._sessions.exec(container, self._task(container, "exec in"), request, identity)

    def _identity(self, container: Container, user: str) -> Identity:
        return resolve_running(container.pid, container.start_time, user, container.request.group_add)

    def stop(self, ref: str, *, signal: str = "", timeout: float | None = None) -> Container:
        container = self._records.require(ref, Verb.STOP)
        number = _signal(signal or container.stop_signal or "SIGTERM", f"stop {container.name}")
        if container.state is State.PAUSED:
            with contextlib.suppress(Conflict):  # somebody else does so, or it has ended
                self.unpause(container.id)
        return self._stop(container, number, timeout)

    def _stop(self, container: Container, number: int, timeout: float | None) -> Container:
        """Of one that is not frozen, and so can act on a signal."""
        patience = container.request.stop_timeout if timeout is None else timeout
        self._announce_kill(container, number)
        if (init := held(container.pid, container.start_time)) is not None:
            init.send(number)
        try:
            self._await_end(container, None if patience < 0 else patience)
        except TimeoutError:
            return self._ended(container, self._ends.kill(container))
        return self._ended(container, self._records.get(container.id))

    def kill(self, ref: str, signal: str = "SIGKILL") -> Container:
        container = self._records.require(ref, Verb.KILL)
        number = _signal(signal, f"kill {container.name}")
        if number == signals_.SIGKILL:
            self._announce_kill(container, number)
            return self._ended(container, self._ends.kill(container))
        task = self._task(container, "kill")
        self._announce_kill(container, number)
        task.signal(number)
        return container

    def restart(self, ref: str, *, timeout: float | None = None) -> Container:
        container = self._records.require(ref, Verb.RESTART)
        # One with `--rm` is stopped under its lock: whoever sees its end first would remove it. Any other is not locked
        # while it takes its time.
        if container.state.alive and not container.request.auto_remove:
            with contextlib.suppress(Conflict):  # it has ended, or is told of below
                self.stop(container.id, timeout=timeout)
        with self._locks.container(container.id) as lock:
            now = self._records.require(container.id, Verb.RESTART)
            if now.state.alive:
                with contextlib.suppress(EngineError):  # it has just ended
                    self._drivers.cgroups.open(now.id).thaw()
                self._stop(now, _signal(now.stop_signal or "SIGTERM", f"stop {now.name}"), timeout)
            return self._starts.start_held(container.id, lock, restarted=True)[0]

    def pause(self, ref: str) -> Container:
        container = self._records.require(ref, Verb.PAUSE)
        with self._locks.container(container.id), telling(f"pause {container.name}"):
            began = time.perf_counter_ns()
            cgroup = self._drivers.cgroups.open(container.id)
            with _alive(container, "pause"):
                cgroup.freeze()
            took, count = time.perf_counter_ns() - began, len(cgroup.processes())
            if not count:
                raise Conflict(f"pause {container.name}", JUST_ENDED)
            detail = {"microseconds": str(took // 1000), "processes": str(count)}
            return self._put_state(container.id, Verb.PAUSE, State.PAUSED, Topic.TASK_PAUSED, detail)

    def unpause(self, ref: str) -> Container:
        container = self._records.require(ref, Verb.UNPAUSE)
        with self._locks.container(container.id), telling(f"unpause {container.name}"):
            with _alive(container, "unpause"):
                self._drivers.cgroups.open(container.id).thaw()
            return self._put_state(container.id, Verb.UNPAUSE, State.RUNNING, Topic.TASK_RESUMED, {})

    def wait(self, ref: str, timeout: float | None = None) -> ExitStatus:
        container: Container | None = self._records.find(ref, f"wait for {ref}")
        while container is not None and container.state.alive:
            if (status := self._await_end(container, timeout)) is not None:
                return status
            container = self._ends.repair(container.id)
        return (container.exit if container else None) or ExitStatus(code=0)

    def _await_end(self, container: Container, seconds: float | None) -> ExitStatus | None:
        """Wait for it; how it was, None when its record says it or will. Raises `TimeoutError` after `seconds`."""
        if (task := self._known.find(container)) is not None:
            return self._ends.await_end(container, task, seconds)
        self._ends.await_record(container, seconds)
        self._ends.repair(container.id)
        return None

    def _task(self, container: Container, operation: str) -> Task:
        """The container's task. Raises `Conflict` when it has ended meanwhile."""
        task = self._known.find(container)
        if task is None:
            now = self._ends.repair(container.id)
            lost = now is not None and now.state.alive
            raise Conflict(
                f"{operation} {container.name}",
                "its shim cannot be reached" if lost else JUST_ENDED,
                hint="its socket was removed, or lies under a mount; it can be stopped and killed" if lost else "",
            )
        return task

    def _announce_kill(self, container: Container, number: int) -> None:
        self._records.announce(Topic.TASK_KILL, container, {"signal": signals.name(number)})

    def _ended(self, container: Container, now: Container | None) -> Container:
        """Its record now; the last one known when it removed itself (`--rm`)."""
        return now or msgspec.structs.replace(container, state=State.EXITED, pid=0, start_time=0)

    def _put_state(
        self, container_id: str, verb: Verb, state: State, topic: Topic, detail: dict[str, str]
    ) -> Container:
        with self._records.transaction() as transaction:
            return put_state(transaction, current(transaction, container_id, verb), state, topic, detail)


@contextlib.contextmanager
def _alive(container: Container, operation: str) -> Iterator[None]:
    """What is done in a container fails in many ways when that ends meanwhile: it is told as what it is."""
    try:
        yield
    except EngineError as error:
        if ended_within(container.pid, container.start_time, _DYING_SECONDS):
            raise Conflict(f"{operation} {container.name}", JUST_ENDED) from error
        raise


def _signal(text: str, operation: str) -> int:
    try:
        return signals.number(text)
    except ValueError as error:
        raise Invalid(operation, str(error), hint="a signal is a name (SIGTERM, term) or a number") from None
