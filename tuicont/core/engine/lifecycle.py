"""The birth and the end of a container: create, start, remove.

Order is what makes a crash at any moment harmless. Create makes files first and the record last: files
without a record are garbage. Start records nothing before the container runs: a task without a running
record is adopted. Remove forgets the record first. Each holds the container's lock, which the kernel
releases if the process dies, so that a sweep can tell work in progress from garbage.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import time
from collections.abc import Mapping
from typing import Any

import msgspec

from tuicont.core.cgroup.base import ALL_DEVICES, DEFAULT_DEVICES
from tuicont.core.engine.context import IMAGES_LOCK, Context, check
from tuicont.core.engine.identity import identity_of
from tuicont.core.engine.names import new_id, new_name
from tuicont.core.engine.specs import Specs
from tuicont.core.engine.tasks import Tasks, delete_files, delete_record
from tuicont.core.errors import (
    AlreadyExists,
    CommandNotExecutable,
    CommandNotFound,
    EngineError,
    Invalid,
    NotFound,
    kernel_error,
)
from tuicont.core.model.container import Container
from tuicont.core.model.host import HostFacts
from tuicont.core.model.image import Image
from tuicont.core.model.request import ContainerRequest
from tuicont.core.model.state import State, Verb
from tuicont.core.runtime.base import Bundle, Task, Waits
from tuicont.core.spec import signals
from tuicont.core.spec.validate import validate
from tuicont.core.store.store import NameTaken

_CACHED_SPECS = 256
_NAME_ATTEMPTS = 20
RECORD = "org.tuicont.container"
"""The annotation of config.json that holds the container's record, to adopt it from when the database is lost."""

_encode_json = msgspec.json.Encoder().encode
_decode_json = msgspec.json.Decoder(dict[str, Any]).decode


class Lifecycle:
    """Makes, starts and removes containers."""

    def __init__(self, context: Context, tasks: Tasks, specs: Specs, host: HostFacts) -> None:
        self.host = host
        self._context = context
        self._tasks = tasks
        self._specs = specs
        # A container is mostly started by the process that created it: its specification need not be read back.
        self._recent: dict[str, Mapping[str, Any]] = {}

    def create(self, request: ContainerRequest) -> Container:
        """Make a container that can be started. Nothing is left behind when that fails."""
        operation = f"create {request.name}" if request.name else "create a container"
        if problems := validate(request, self.host):
            raise Invalid(operation, problems[0].message, stage=problems[0].field)
        if request.name and self._context.store.find_name(request.name) is not None:
            raise _name_taken(operation)
        container_id = new_id()
        locks = self._context.locks
        with locks.hold(IMAGES_LOCK, shared=True), locks.hold(container_id):
            image = self._context.images.get(request.image)
            try:
                container, spec = self._make_files(container_id, request, image, operation)
                container = self._put_new(container, operation)
            except BaseException:
                delete_files(self._context, container_id)
                raise
        self._recent[container_id] = spec
        if len(self._recent) > _CACHED_SPECS:
            self._recent.pop(next(iter(self._recent)), None)
        return container

    def start(self, ref: str, *, restarted: bool = False, console: tuple[int, int] | None = None) -> Container:
        """Run its command. Raises the failure of the kernel operation that failed; it can be tried again.
        With `console` (rows, columns of a terminal) its output waits for the caller to attach."""
        container_id = self._context.resolve(ref, f"start {ref}")
        with self._context.locks.hold(container_id) as lock:
            self._clear_leftovers(container_id)
            container = self._context.require(container_id, Verb.START)
            try:
                with self._context.unmounted(container, f"start {container.name}") as snapshot:
                    task = self._run(container, console, lock, snapshot)
            except EngineError as error:
                self._put_failure(container, error)
                raise
            self._tasks.remember(container.id, task)
            try:
                return self._put_running(container, task, restarted)
            except EngineError as error:
                error.operation = f"start {container.name}"
                self._undo_start(container.id, task)
                raise

    def remove(self, ref: str, *, force: bool) -> None:
        """Remove it with everything it wrote; `force` kills it first."""
        operation = f"remove {ref}"
        container_id = self._context.resolve(ref, operation)
        if force and (container := self._context.find(container_id, operation)).state.alive:
            self._kill(container)
        with self._context.locks.hold(container_id):
            self._clear_leftovers(container_id)
            with self._context.store.transaction() as transaction:
                current = transaction.container(container_id)
                if current is None:
                    if force:
                        return  # it was there a moment ago, and removed itself
                    raise NotFound(operation, "no such container", hint="`tuicont ps -a` lists them all")
                check(current, Verb.REMOVE)
                delete_record(transaction, current)
            delete_files(self._context, container_id)
        self._recent.pop(container_id, None)

    def repair(self, container_id: str) -> None:
        """Record the end of a container that says it runs, but has ended or has no shim."""
        with self._context.locks.attempt(container_id) as held:
            found = self._context.store.find_containers(container_id)
            if not held or not found or not found[0].state.alive:
                return
            status, task = None, self._tasks.find(found[0])
            if task is not None:
                try:
                    # A full disk may have had no room for the exit record; its shim knows.
                    status = task.wait(0)
                except (TimeoutError, EngineError):
                    return
            if self._tasks.settle_held(container_id, status, found[0].pid) is None:
                self._tasks.lose(found[0])

    def spec(self, container_id: str) -> Mapping[str, Any]:
        """The container's OCI runtime specification."""
        if (recent := self._recent.get(container_id)) is not None:
            return recent
        path = self._context.paths.config(container_id)
        try:
            with open(path, "rb") as file:
                return _decode_json(file.read())
        except OSError as error:
            raise kernel_error(f"read the bundle of {container_id[:12]}", f"open {path}", error) from None
        except msgspec.DecodeError as error:
            reason = f"{path} is damaged: {error}"
            raise Invalid(f"read the bundle of {container_id[:12]}", reason, hint="create it anew") from None

    def keep_record(self, container: Container) -> None:
        """Write the record beside the specification anew, so that a lost database costs no name and no limit.
        The caller holds the lock. A disk that is full keeps the older one."""
        spec = {**self.spec(container.id), "annotations": {RECORD: _encode_json(container).decode()}}
        # In the trash, as that is where what a crash leaves is removed.
        temporary = f"{self._context.paths.trash}/{container.id}"
        with contextlib.suppress(OSError):
            _write(temporary, _encode_json(spec), 0o600)
            os.replace(temporary, self._context.paths.config(container.id))

    def _make_files(
        self, container_id: str, request: ContainerRequest, image: Image, operation: str
    ) -> tuple[Container, Mapping[str, Any]]:
        context = self._context
        chain = tuple(layer.chain_id for layer in image.layers)
        path = context.paths.config(container_id)
        try:
            context.storage.prepare(container_id, chain)
            identity = identity_of(context.storage, container_id, request.user or image.config.user)
            spec = self._specs.build(
                request,
                image,
                container_id=container_id,
                root_path=context.paths.rootfs,
                directory=context.paths.task(container_id),
                identity=identity,
                cgroups_path=f"/{context.cgroup_parent}/{container_id}",
            )
            container = Container(
                id=container_id,
                name=request.name or new_name(),
                request=request,
                image_id=image.id,
                state=State.CREATED,
                created_ns=time.time_ns(),
                limits=request.limits,
                command=tuple(spec["process"]["args"]),
                stop_signal=request.stop_signal or known_signal(image.config.stop_signal),
            )
            spec["annotations"] = {RECORD: _encode_json(container).decode()}
            _write(path, _encode_json(spec), 0o600)
        except OSError as error:
            hint = "free space below the state root" if error.errno == errno.ENOSPC else ""
            raise kernel_error(operation, f"write {path}", error, stage="bundle", hint=hint) from None
        return container, spec

    def _put_new(self, container: Container, operation: str) -> Container:
        for attempt in range(_NAME_ATTEMPTS):
            try:
                with self._context.store.transaction() as transaction:
                    transaction.put_container(container)
                    detail = {"image": container.request.image}
                    transaction.event("/containers/create", container.id, container.name, detail)
                if attempt:
                    self.keep_record(container)
                return container
            except NameTaken:
                if container.request.name:
                    break
                # There are three thousand such names: after some attempts one is made longer.
                name = new_name() if attempt < _NAME_ATTEMPTS // 2 else f"{new_name()}-{new_id()[:6]}"
                container = msgspec.structs.replace(container, name=name)
        raise _name_taken(operation)

    def _run(self, container: Container, console: tuple[int, int] | None, lock: int, snapshot: int) -> Task:
        context = self._context
        spec = self.spec(container.id)
        if console is not None and container.request.tty:
            size = {"height": console[0], "width": console[1]}
            spec = {**spec, "process": {**spec["process"], "consoleSize": size}}
        cgroups, group = context.cgroups, container.id
        run_dir = context.paths.task(container.id)
        devices = ALL_DEVICES if container.request.privileged else DEFAULT_DEVICES

        def meanwhile() -> None:
            for name, text in self._specs.files(container.request, container.id):
                _write(f"{run_dir}/{name}", text.encode(), 0o644)
            cgroups.create(group, container.limits, devices, prepared=True)

        try:
            cgroups.prepare(group)
            os.mkdir(run_dir, 0o700)
            bundle = Bundle(
                id=container.id,
                spec=spec,
                root_mounts=context.storage.mounts(container.id),
                placement=cgroups.open(group).placement,
                shim_placement=cgroups.shim_placement(),
                run_dir=run_dir,
                log_path=context.paths.log(container.id),
                exit_path=context.paths.exit(container.id),
                log=container.request.log,
                stdin_open=container.request.stdin_open,
                reaper=container.request.init,
                hold_output=console is not None,
                guard=lock,
                snapshot=snapshot,
            )
            return context.runtime.start(bundle, Waits(meanwhile=meanwhile, idly=context.chores.do_one))
        except OSError as error:
            self._clear_leftovers(container.id)
            raise kernel_error(f"start {container.name}", f"open {error.filename}", error) from None
        except EngineError as error:
            self._clear_leftovers(container.id)
            error.operation = f"start {container.name}"
            raise

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
        with self._context.store.transaction() as transaction:
            transaction.put_container(running)
            transaction.event("/tasks/start", running.id, running.name, {"pid": str(task.pid)})
        return running

    def _undo_start(self, container_id: str, task: Task) -> None:
        """End a task that could not be recorded, as it would run unseen. The caller holds the lock."""
        self._tasks.kill_all(container_id, task)
        with contextlib.suppress(TimeoutError, EngineError):
            task.wait(10.0)
        self._tasks.clean(container_id)

    def _put_failure(self, container: Container, error: EngineError) -> None:
        with contextlib.suppress(EngineError), self._context.store.transaction() as transaction:
            current = transaction.container(container.id)
            if current is not None:
                transaction.put_container(msgspec.structs.replace(current, error=str(error)))

    def _clear_leftovers(self, container_id: str) -> None:
        """Finish what an ended task or a start that was cut short left. The caller holds the lock."""
        paths = self._context.paths
        if self._tasks.settle_held(container_id) is not None:
            return
        if os.path.lexists(paths.task(container_id)):
            found = self._context.store.find_containers(container_id)
            if found and found[0].state.alive:
                # It runs, perhaps since another process let go of the lock: its state refuses what the caller wants.
                return
            self._context.cgroups.open(container_id).kill(signal.SIGKILL)
            self._tasks.clean(container_id)

    def _kill(self, container: Container) -> None:
        # Before its shim is asked: that waits for a process which it is making, and which may have been stopped.
        self._tasks.kill_all(container.id, None)
        task = self._tasks.find(container)
        self._tasks.kill_all(container.id, task)
        if task is None:
            self.repair(container.id)
            return
        status = None
        with contextlib.suppress(TimeoutError, EngineError):
            status = task.wait(10.0)
        self._tasks.settle(container.id, status, task.pid)


def failure_code(error: EngineError) -> int:
    """Docker's exit code for a container that could not be run (`docker run`, "Exit status")."""
    return 127 if isinstance(error, CommandNotFound) else 126 if isinstance(error, CommandNotExecutable) else 125


def _name_taken(operation: str) -> AlreadyExists:
    return AlreadyExists(operation, "another container has that name", hint="choose another name, or remove the other")


def _write(path: str, data: bytes, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
    try:
        # A disk that fills up takes a part first: half a specification must not pass for a whole one.
        while data:
            data = data[os.write(descriptor, data) :]
    finally:
        os.close(descriptor)


def known_signal(text: str) -> str:
    """The signal that an image names; none when there is no such signal, as that must not keep anyone from stopping."""
    try:
        return signals.name(signals.number(text)) if text else ""
    except ValueError:
        return ""
