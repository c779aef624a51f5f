"""A container's running side as its shim shows it: everything but what differs from runtime to runtime."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial

import msgspec

from tuicont.core.errors import Conflict, EngineError, NotFound, kernel_error
from tuicont.core.model.container import ExitStatus
from tuicont.core.shim import births, wire
from tuicont.core.shim.births import Explain, Watch
from tuicont.core.shim.failure import failure
from tuicont.core.shim.keeper import Kept
from tuicont.core.shim.patience import ANSWER_SECONDS, PATIENCE_SECONDS
from tuicont.core.shim.plan import Order, PlanFile, PlanHead
from tuicont.core.shim.records import SOCKET_NAME
from tuicont.core.shim.session import ShimSession
from tuicont.core.sys import sockets
from tuicont.core.sys.pidfd import PidFd

_RELEASE_SECONDS = 2.0
_NOBODY = Watch()


class ShimTask:
    """Owns a connection to the shim, over which the end of the init is told. `released` is called when it is over."""

    def __init__(self, container_id: str, run_dir: str, kept: Kept, *, released: Callable[[], None]) -> None:
        self.pid = kept.process.pid
        self.start_time = kept.process.start_time
        self._state = kept.process.state
        self._id = container_id
        self._run_dir = run_dir
        self._connection = kept.connection
        self._process = kept.pidfd
        self._released = released
        self._exit: ExitStatus | None = None
        self._lock = threading.Lock()
        self._closed = False

    @property
    def kept_state(self) -> wire.State:
        """How far its init is, as far as this object has learned."""
        return self._state if self._exit is None else wire.State.ENDED

    def fileno(self) -> int:
        """The connection to the shim: it polls readable once the init has ended (or the shim is gone)."""
        return self._connection.fileno()

    def attach(self, *, stdin: bool) -> ShimSession:
        """See `runtime.base.Task`. Raises `NotFound` when the shim is gone."""
        operation = f"attach to {self._id[:12]}"
        request = wire.request(wire.Request.ATTACH, wire.WITH_STDIN if stdin else 0)
        with self._asking(operation) as connection:
            connection.send(request)
            _, process = births.answer(connection, operation, partial(failure, operation))
            return ShimSession(connection, process, stdin=stdin)

    def signal(self, number: int) -> None:
        """See `runtime.base.Task`."""
        self._process.send(number)

    def wait(self, timeout: float | None = None) -> ExitStatus:
        """See `runtime.base.Task`. Raises `NotFound` when the shim was killed before it could tell, or this was
        closed."""
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
        with self._asking(operation) as connection, connection:
            packet, fd = births.ask_state(connection, operation)
            PidFd(fd).close()
        return wire.running(packet)

    def release(self) -> bool:
        """See `runtime.base.Task`. The shim is told, not waited for; while its init runs it would not heed that."""
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

    def _let_start(self, explain: Explain, operation: str, starter: tuple[PlanHead, Order] | None = None) -> None:
        """Let a created init go on, by `starter` when an OCI runtime has made it. Raises the error of what failed."""
        with self._asking(operation) as connection, connection:
            if starter is None:
                connection.send(wire.request(wire.Request.START))
            else:
                with PlanFile(*starter, operation) as plan:
                    sockets.send_with(connection, wire.request(wire.Request.START), plan.fd)
            seconds = PATIENCE_SECONDS + ANSWER_SECONDS
            births.answer(connection, operation, explain, seconds=seconds)[1].close()
        self._state = wire.State.RUNNING

    def _add(self, head: PlanHead, order: Order, operation: str, *, stdin: bool, watch: Watch = _NOBODY) -> ShimSession:
        """Make one more process in the container."""
        head = msgspec.structs.replace(head, flags=head.flags | watch.flags)
        with self._asking(operation) as connection, PlanFile(head, order, operation) as plan:
            sockets.send_with(connection, wire.request(wire.Request.EXEC), plan.fd)
            if watch.born is not None:
                births.await_born(connection, operation, order.explain, plan, watch.born)
                births.let_go(connection)
            _, process = births.follow(connection, operation, order.explain, plan, watch)
            return ShimSession(connection, process, stdin=stdin)

    def _read_end(self) -> None:
        packet, _ = sockets.receive(self._connection)
        if not packet:
            raise NotFound(f"wait for {self._id[:12]}", "its shim is gone")
        if wire.reply_kind(packet) == wire.Reply.EXITED:
            self._exit = wire.exited(packet)

    @contextlib.contextmanager
    def _asking(self, operation: str) -> Iterator[socket.socket]:
        """A connection of its own, closed if what is asked fails. Raises `NotFound` when the shim is gone."""
        try:
            connection = sockets.connect(self._run_dir, SOCKET_NAME)
        except TimeoutError as error:
            raise Conflict(operation, f"its shim has not answered: {error}") from None
        except (FileNotFoundError, ConnectionRefusedError):
            raise NotFound(operation, "its shim is gone") from None
        except OSError as error:
            raise kernel_error(operation, f"connect to {self._run_dir}/{SOCKET_NAME}", error) from None
        try:
            yield connection
        except BaseException:
            connection.close()
            raise
