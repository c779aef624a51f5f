"""A started container as its shim shows it. Implements `runtime.base.Task`."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from tuicont.core.cgroup.base import Placement
from tuicont.core.errors import EngineError, KernelError, NotFound, kernel_error
from tuicont.core.model.container import ExitStatus
from tuicont.core.runtime import ops
from tuicont.core.runtime.native import wire
from tuicont.core.runtime.native.encode import PlanHead, encode_plan
from tuicont.core.runtime.native.failure import failure
from tuicont.core.runtime.native.session import NativeSession
from tuicont.core.sys import sockets
from tuicont.core.sys.pidfd import PidFd

_RELEASE_SECONDS = 2.0
ExecPlanner = Callable[[Mapping[str, Any], Placement], ops.Plan]


def plan_file(data: bytes) -> int:
    """A plan in memory, as a descriptor to hand to the shim: there its size has no limit."""
    fd = os.memfd_create("plan", os.MFD_CLOEXEC)
    written = os.write(fd, data)
    while written < len(data):
        written += os.write(fd, data[written:])
    return fd


class NativeTask:
    """Owns a connection to the shim, over which the end of the init is told."""

    def __init__(
        self,
        container_id: str,
        run_dir: str,
        connection: socket.socket,
        started: wire.Started,
        process: PidFd,
        *,
        exec_planner: ExecPlanner,
        released: Callable[[], None],
    ) -> None:
        self.pid = started.pid
        self.start_time = started.start_time
        self.birth_ns = started.nanoseconds
        self._id = container_id
        self._run_dir = run_dir
        self._connection = connection
        self._process = process
        self._exec_planner = exec_planner
        self._released = released
        self._exit: ExitStatus | None = None
        self._lock = threading.Lock()
        self._closed = False

    def fileno(self) -> int:
        """The connection to the shim: it polls readable once the init has ended (or the shim is gone)."""
        return self._connection.fileno()

    def attach(self, *, stdin: bool) -> NativeSession:
        """See `Task`. Raises `NotFound` when the shim is gone."""
        operation = f"attach to {self._id[:12]}"
        connection = self._connect(operation)
        connection.send(wire.request(wire.Request.ATTACH, wire.WITH_STDIN if stdin else 0))
        _, process = self._answer(connection, operation, ())
        return NativeSession(connection, process, stdin=stdin)

    def exec(
        self, process: Mapping[str, Any], placement: Placement, *, exec_id: str, stdin: bool, rows: int, cols: int
    ) -> NativeSession:
        """See `Task`."""
        operation = f"exec in {self._id[:12]}"
        if process.get("terminal"):
            process = {**process, "consoleSize": {"height": rows, "width": cols}}
        plan = self._exec_planner(process, placement)
        head = PlanHead(
            flags=wire.PLAN_STDIN if stdin else 0,
            clone_into=placement.clone_into,
            exec_id=exec_id,
        )
        connection = self._connect(operation)
        fd = plan_file(encode_plan(plan, head))
        try:
            sockets.send_with(connection, wire.request(wire.Request.EXEC), fd)
        finally:
            os.close(fd)
        _, pidfd = self._answer(connection, operation, plan)
        return NativeSession(connection, pidfd, stdin=stdin)

    def signal(self, number: int) -> None:
        """See `Task`."""
        self._process.send(number)

    def wait(self, timeout: float | None = None) -> ExitStatus:
        """See `Task`. Raises `NotFound` when the shim was killed before it could tell, or this was closed."""
        deadline = None if timeout is None else time.monotonic() + timeout
        if not self._lock.acquire(timeout=-1 if timeout is None else max(0.0, timeout)):
            raise TimeoutError(f"{self._id[:12]} still runs")
        try:
            while self._exit is None:
                rest = None if deadline is None else deadline - time.monotonic()
                if self._connection.fileno() < 0:
                    raise NotFound(f"wait for {self._id[:12]}", "its end was recorded meanwhile")
                if rest is not None and not sockets.readable(self._connection, rest):
                    raise TimeoutError(f"{self._id[:12]} still runs")
                self._read_end()
            return self._exit
        finally:
            if self._closed:
                self._connection.close()
            self._lock.release()

    def running(self) -> tuple[wire.Running, ...]:
        """The execs that run. Raises `NotFound` when the shim is gone."""
        operation = f"list the processes of {self._id[:12]}"
        with self._connect(operation) as connection:
            connection.send(wire.request(wire.Request.STATE))
            packet, fd = sockets.receive(connection)
            PidFd(fd).close()
        return wire.running(packet)

    def release(self) -> bool:
        """See `Task`. The shim is told, not waited for; while its init runs it would not heed that."""
        with contextlib.suppress(EngineError, TimeoutError):
            self.wait(_RELEASE_SECONDS)
        try:
            self._connection.send(wire.request(wire.Request.RELEASE))
            return True
        except OSError:
            return False
        finally:
            self.close()
            self._released()

    def close(self) -> None:
        """Let go of the descriptors; the container goes on."""
        self._closed = True
        # A thread that waits on it lets go of it itself: its number could be another file's before it is noticed.
        if self._lock.acquire(blocking=False):
            self._connection.close()
            self._lock.release()
        self._process.close()

    def _read_end(self) -> None:
        packet, _ = sockets.receive(self._connection)
        if not packet:
            raise NotFound(f"wait for {self._id[:12]}", "its shim is gone")
        if wire.reply_kind(packet) == wire.Reply.EXITED:
            self._exit = wire.exited(packet)

    def _connect(self, operation: str) -> socket.socket:
        try:
            return sockets.connect(self._run_dir, wire.SOCKET_NAME)
        except (FileNotFoundError, ConnectionRefusedError):
            raise NotFound(operation, "its shim is gone") from None
        except OSError as error:
            raise kernel_error(operation, f"connect to {self._run_dir}/{wire.SOCKET_NAME}", error) from None

    def _answer(self, connection: socket.socket, operation: str, plan: ops.Plan) -> tuple[wire.Started, PidFd]:
        try:
            packet, fd = sockets.receive(connection)
            return interpret(packet, fd, operation, plan)
        except EngineError:
            connection.close()
            raise


def interpret(packet: bytes, fd: int, operation: str, plan: ops.Plan) -> tuple[wire.Started, PidFd]:
    """The shim's answer to a request for a process: the process, or the error of what failed."""
    kind = wire.reply_kind(packet)
    if kind == wire.Reply.STARTED:
        return wire.started(packet), PidFd(fd)
    if kind == wire.Reply.FAILED:
        raise failure(operation, plan, wire.failed(packet))
    raise KernelError(operation, "the shim died before reporting")
