"""The native runtime: the specification becomes a plan, and a shim carries it out. Implements `Runtime`.

Knows nothing of images, stores or networks. A shim is a child of the process that started it but lives on
when that ends; until then its status is collected here.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from tuicont.core import native
from tuicont.core.cgroup.base import Placement
from tuicont.core.errors import Conflict, Invalid, kernel_error
from tuicont.core.model.host import HostFacts
from tuicont.core.model.probe import Probe
from tuicont.core.runtime import ops
from tuicont.core.runtime.base import Bundle
from tuicont.core.runtime.native import wire
from tuicont.core.runtime.native.encode import PlanHead, encode_plan
from tuicont.core.runtime.native.plan import clone_flags, container_plan, exec_plan
from tuicont.core.runtime.native.plan_process import FilterCompiler
from tuicont.core.runtime.native.reject import reject
from tuicont.core.runtime.native.shims import Shims
from tuicont.core.runtime.native.task import NativeTask, interpret, plan_file
from tuicont.core.sys import launch, sockets
from tuicont.core.sys.pidfd import PidFd

SHIM = os.path.join(os.path.dirname(native.__file__), "tuicont-shim")
_ANSWER_SECONDS = 5.0
_DIRECTORY = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC
Spec = Mapping[str, Any]
Observe = Callable[[str, ops.Plan, tuple[wire.Traced, ...]], None]
Step = Callable[[wire.Stepped, ops.Operation], bool]
"""Called before each operation of a birth; False cancels it."""


class NativeRuntime:
    """Starts containers with shims.

    `root_target` is an empty directory at which each container mounts its root, in its own mount namespace.
    `load_spec` answers with the specification of a container that another engine started. With `observe`,
    every operation is timed and told, by container id.
    """

    name = "native"

    def __init__(
        self,
        root_target: str,
        *,
        host: HostFacts,
        compile_filter: FilterCompiler,
        load_spec: Callable[[str], Spec],
        observe: Observe | None = None,
    ) -> None:
        self._root_target = root_target
        self._host = host
        self._compile_filter = compile_filter
        self._load_spec = load_spec
        self._observe = observe
        self._shims = Shims(SHIM)

    def probe(self) -> Probe:
        """See `Runtime`."""
        reason = ""
        if not os.access(SHIM, os.X_OK):
            reason = f"the shim is not built: {SHIM} is missing"
        elif os.geteuid() != 0:
            reason = "needs root"
        return Probe(group="runtime", name=self.name, supported=not reason, reason=reason, detail=SHIM)

    def plan(self, bundle: Bundle) -> ops.Plan:
        """What `start` would carry out, with nothing done: the dry run."""
        return container_plan(
            bundle.spec,
            root_mounts=bundle.root_mounts,
            root_target=self._root_target,
            placement=bundle.placement,
            host=self._host,
            compile_filter=self._compile_filter,
        )

    def start(
        self,
        bundle: Bundle,
        meanwhile: Callable[[], object] = lambda: None,
        idly: Callable[[], bool] = lambda: False,
        *,
        step: Step | None = None,
    ) -> NativeTask:
        """See `Runtime`. With `step`, each operation waits for it."""
        operation = f"start {bundle.id[:12]}"
        reject(bundle.spec)
        head = self._head(bundle, step is not None)
        self._shims.reap()
        with contextlib.ExitStack() as opened:
            first = msgspec.structs.replace(head, flags=head.flags | wire.PLAN_LATER)
            plan_fd = plan_file(_encode((), first, operation)[: wire.LATER_OFFSET])
            opened.callback(os.close, plan_fd)
            try:
                run_dir = os.open(bundle.run_dir, _DIRECTORY)
                opened.callback(os.close, run_dir)
                locks = (fd if fd >= 0 else launch.null() for fd in (bundle.guard, bundle.snapshot))
                shim = self._shims.start(bundle.shim_placement.clone_into, bundle.id, (plan_fd, run_dir, *locks))
            except OSError as error:
                raise kernel_error(operation, "start the shim", error, stage="shim") from None
            try:
                # The namespaces take the kernel as long as all of this takes us.
                meanwhile()
                plan = self.plan(bundle)
                os.pwrite(plan_fd, _encode(plan, head, operation), wire.LATER_OFFSET)
                with contextlib.suppress(BrokenPipeError):  # it died: what it said of it is read next
                    shim.connection.send(wire.request(wire.Request.STEP))
                while not sockets.readable(shim.connection, 0) and idly():
                    pass
                started, process = self._await(shim.connection, operation, bundle.id, plan, step)
            except BaseException:
                shim.connection.close()
                launch.reap(shim.pid, block=True)
                raise
        self._shims.keep(shim)
        return self._task(bundle.id, bundle.run_dir, shim.connection, started, process, lambda: bundle.spec)

    def alive(self, run_dir: str) -> bool:
        """See `Runtime`."""
        try:
            sockets.connect(run_dir, wire.SOCKET_NAME).close()
        except OSError:
            return False
        return True

    def load(self, container_id: str, run_dir: str) -> NativeTask | None:
        """See `Runtime`."""
        try:
            connection = sockets.connect(run_dir, wire.SOCKET_NAME)
        except (FileNotFoundError, ConnectionRefusedError, NotADirectoryError):
            return None
        except OSError as error:
            raise kernel_error(f"find the task of {container_id[:12]}", f"connect in {run_dir}", error) from None
        with contextlib.suppress(ConnectionError):
            connection.send(wire.request(wire.Request.STATE))
        if not sockets.readable(connection, _ANSWER_SECONDS):
            connection.close()
            raise Conflict(
                f"find the task of {container_id[:12]}",
                f"its shim has not answered for {_ANSWER_SECONDS:g} s",
                hint="a process that it makes may have been stopped inside the container; kill ends them all",
            )
        packet, fd = sockets.receive(connection)
        if wire.reply_kind(packet) != wire.Reply.STARTED:
            connection.close()
            return None
        spec = lambda: self._load_spec(container_id)  # noqa: E731 (read only when an exec needs it)
        return self._task(container_id, run_dir, connection, wire.started(packet), PidFd(fd), spec)

    def _head(self, bundle: Bundle, step: bool) -> PlanHead:
        return PlanHead(
            flags=(wire.PLAN_TRACE if self._observe else 0)
            | (wire.PLAN_STEP if step else 0)
            | (wire.PLAN_STDIN if bundle.stdin_open else 0)
            | (wire.PLAN_REAPER if bundle.reaper else 0)
            | (wire.PLAN_HOLD if bundle.hold_output else 0)
            | (wire.PLAN_TERMINAL if bundle.spec["process"].get("terminal") else 0),
            clone_flags=clone_flags(bundle.spec),
            clone_into=bundle.placement.clone_into,
            exit_path=bundle.exit_path,
            log_path=bundle.log_path,
            log=bundle.log,
            enter=bundle.shim_placement.enter,
        )

    def _await(
        self, control: socket.socket, operation: str, container_id: str, plan: ops.Plan, step: Step | None
    ) -> tuple[wire.Started, PidFd]:
        """Serve the birth until it is done: let operations go on one by one, pass on what was traced."""
        while True:
            packet, fd = sockets.receive(control)
            kind = wire.reply_kind(packet)
            if kind == wire.Reply.STEPPED and step is not None:
                stepped = wire.stepped(packet)
                if not step(stepped, plan[stepped.index]):
                    control.shutdown(socket.SHUT_WR)
                    continue
                with contextlib.suppress(BrokenPipeError):
                    control.send(wire.request(wire.Request.STEP))
            elif kind == wire.Reply.TRACE:
                if self._observe is not None:
                    self._observe(container_id, plan, wire.traced(packet))
            else:
                return interpret(packet, fd, operation, plan)

    def _task(
        self,
        container_id: str,
        run_dir: str,
        connection: socket.socket,
        started: wire.Started,
        process: PidFd,
        spec: Callable[[], Spec],
    ) -> NativeTask:
        def exec_planner(process: Spec, placement: Placement) -> ops.Plan:
            return exec_plan(process, spec(), placement, host=self._host, compile_filter=self._compile_filter)

        return NativeTask(
            container_id,
            run_dir,
            connection,
            started,
            process,
            exec_planner=exec_planner,
            released=self._shims.reap,
        )


def _encode(plan: ops.Plan, head: PlanHead, operation: str) -> bytes:
    try:
        return encode_plan(plan, head)
    except ValueError as error:
        raise Invalid(operation, str(error)) from None
