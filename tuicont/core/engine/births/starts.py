"""Running a container's command: the cgroup, the bundle, the runtime, and the record that it runs."""

from __future__ import annotations

import contextlib
import os
import time

import msgspec

from tuicont.core.engine.births.identity import identity_of
from tuicont.core.engine.births.specs import Specs
from tuicont.core.engine.bundles import Bundles
from tuicont.core.engine.drivers import Drivers
from tuicont.core.engine.ends.ends import Ends
from tuicont.core.engine.ends.known import KnownTasks
from tuicont.core.engine.locks import Locks
from tuicont.core.engine.paths import Paths
from tuicont.core.engine.records import Records, check, no_such_container, telling
from tuicont.core.errors import EngineError, kernel_error
from tuicont.core.files.chores import Chores
from tuicont.core.files.writing import write_file
from tuicont.core.model.container import Container
from tuicont.core.model.event import Topic
from tuicont.core.model.state import State, Verb
from tuicont.core.runtime.base import Bundle, Task, Waits
from tuicont.core.spec import resources
from tuicont.core.spec.process import identified


class Starts:
    """Starts containers."""

    def __init__(
        self,
        records: Records,
        locks: Locks,
        paths: Paths,
        drivers: Drivers,
        known: KnownTasks,
        bundles: Bundles,
        specs: Specs,
        ends: Ends,
        chores: Chores,
    ) -> None:
        self._records = records
        self._locks = locks
        self._paths = paths
        self._drivers = drivers
        self._known = known
        self._bundles = bundles
        self._specs = specs
        self._ends = ends
        self._chores = chores

    def start(
        self, ref: str, *, restarted: bool = False, console: tuple[int, int] | None = None
    ) -> tuple[Container, Task]:
        """Run its command. Raises the failure of the kernel operation that failed; it can be tried again.
        With `console` (rows, columns of a terminal) its output waits for the caller to attach."""
        container_id = self._records.resolve(ref, f"start {ref}")
        with self._locks.container(container_id) as lock:
            return self.start_held(container_id, lock, restarted=restarted, console=console)

    def start_held(
        self, container_id: str, lock: int, *, restarted: bool = False, console: tuple[int, int] | None = None
    ) -> tuple[Container, Task]:
        """The same by who holds its lock."""
        container = self._ends.clear(container_id)
        if container is None:
            raise no_such_container(f"start {container_id}")
        check(container, Verb.START)
        operation = f"start {container.name}"
        task: Task | None = None
        try:
            with telling(operation):
                with self._locks.unmounted(container, operation) as snapshot:
                    container = self._identified(container)
                    task = self._run(container, console, lock, snapshot)
                self._known.remember(container.id, task)
                return self._put_running(container, task, restarted), task
        except BaseException as error:
            if not self._is_recorded(container.id):
                with contextlib.suppress(EngineError):  # or it would hide why; the next engine finds what is left
                    self._ends.undo(container, task)
            if isinstance(error, EngineError):
                self._put_failure(container, error)
            raise

    def _run(self, container: Container, console: tuple[int, int] | None, lock: int, snapshot: int) -> Task:
        run_dir, files = self._paths.task(container.id), self._paths.host_files(container.id)
        cgroups, spec = self._drivers.cgroups, self._specs.placed(self._bundles.spec(container), files)
        if console is not None and container.request.tty:
            size = {"height": console[0], "width": console[1]}
            spec = {**spec, "process": {**spec["process"], "consoleSize": size}}

        def meanwhile() -> None:
            for name, text in self._specs.host_files(container.request, container.id).items():
                write_file(files[name], text.encode(), 0o644)
            cgroup.finish(resources.read(spec["linux"]["resources"]))

        try:
            cgroup = cgroups.begin(container.id)
            os.mkdir(run_dir, 0o700)
            bundle = Bundle(
                id=container.id,
                spec=spec,
                root_mounts=self._drivers.storage(container.storage).mounts(container.id),
                placement=cgroup.placement,
                shim_placement=cgroups.shim_placement(),
                run_dir=run_dir,
                log_path=self._paths.log(container.id),
                exit_path=self._paths.exit(container.id),
                log=container.request.log,
                stdin_open=container.request.stdin_open,
                reaper=container.request.init,
                hold_output=console is not None,
                guard=lock,
                snapshot=snapshot,
            )
            return self._drivers.runtime(container.runtime).start(
                bundle, Waits(meanwhile=meanwhile, idly=self._chores.do_one)
            )
        except OSError as error:
            raise kernel_error("start", f"open {error.filename}", error) from None

    def _identified(self, container: Container) -> Container:
        """With the user whom its own files name now in its specification. That is kept: an exec is the same one."""
        user, groups = container.user, container.request.group_add
        if not (user or groups):
            return container
        identity = identity_of(self._drivers.storage(container.storage), container.id, user, groups)
        spec = self._bundles.spec(container)
        process = identified(spec["process"], identity)
        if process == spec["process"]:
            return container
        container = msgspec.structs.replace(container, revision=container.revision + 1)
        try:
            self._bundles.keep(container, {**spec, "process": process})
        except OSError as error:
            raise kernel_error("start", f"write {error.filename}", error) from None
        return container

    def _put_running(self, container: Container, task: Task, restarted: bool) -> Container:
        """Record that it runs. While the lock is held nobody else changes a record that is not alive."""
        running = msgspec.structs.replace(
            container,
            state=State.RUNNING,
            pid=task.pid,
            start_time=task.start_time,
            started_ns=time.time_ns(),
            finished_ns=0,
            exit=None,
            error="",
            restarts=container.restarts + restarted,
        )
        with self._records.transaction() as transaction:
            transaction.put_container(running)
            transaction.event(Topic.TASK_START, running.id, running.name, {"pid": str(task.pid)})
        return running

    def _is_recorded(self, container_id: str) -> bool:
        """Whether it has started, though a signal came before that could be said."""
        with contextlib.suppress(EngineError):
            found = self._records.get(container_id)
            return found is not None and found.state.alive
        return False

    def _put_failure(self, container: Container, error: EngineError) -> None:
        with contextlib.suppress(EngineError), self._records.transaction() as transaction:
            current = transaction.container(container.id)
            if current is not None:
                transaction.put_container(msgspec.structs.replace(current, error=str(error)))
