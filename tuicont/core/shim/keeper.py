"""Starting shims, and finding those that live.

A shim is a child of the process that started it but lives on when that ends; until then its status is collected here.
What starting one takes is imported when the first is started: most verbs only look whether one lives.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from tuicont.core import native
from tuicont.core.errors import Conflict, kernel_error
from tuicont.core.model.probe import Probe
from tuicont.core.shim.records import SOCKET_NAME
from tuicont.core.sys import launch, sockets
from tuicont.core.sys.pidfd import PidFd

if TYPE_CHECKING:
    from tuicont.core.shim import wire
    from tuicont.core.shim.births import Watch
    from tuicont.core.shim.plan import Order, PlanHead

SHIM = os.path.join(os.path.dirname(native.__file__), "tuicont-shim")
_END_SECONDS = 2.0
_DIRECTORY = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC


class Kept(msgspec.Struct, frozen=True):
    """A process that a shim keeps, and the connection over which its end is told."""

    connection: socket.socket
    process: wire.Process
    pidfd: PidFd


class _Shim(msgspec.Struct, frozen=True):
    pid: int
    connection: socket.socket


class Keeper:
    """Starts shims and collects those that have ended. Safe from any thread."""

    def __init__(self) -> None:
        self._running: set[int] = set()
        self._lock = threading.Lock()

    def probe(self, name: str) -> Probe:
        """Whether there can be shims, told as the runtime `name`'s."""
        reason = ""
        if not os.access(SHIM, os.X_OK):
            reason = f"the shim is not built: {SHIM} is missing"
        elif os.geteuid() != 0:
            reason = "needs root"
        return Probe(group="runtime", name=name, supported=not reason, reason=reason, detail=SHIM)

    def start(
        self,
        container_id: str,
        head: PlanHead,
        order: Callable[[], Order],
        *,
        run_dir: str,
        cgroup: str = "",
        guard: int = -1,
        snapshot: int = -1,
        watch: Watch | None = None,
        idly: Callable[[], bool] = lambda: False,
    ) -> Kept:
        """Start a shim in the v2 directory `cgroup` (none if empty) and with it the init. `order` is asked for while
        the kernel makes the namespaces; `idly` is called while the init takes its steps, until it has nothing more to
        do. What `order` raises cancels the birth. Raises the error of what failed, and then nothing is left."""
        from tuicont.core.shim import births, wire
        from tuicont.core.shim.plan import PlanFile

        watch = watch or births.Watch()
        operation = f"start {container_id[:12]}"
        head = msgspec.structs.replace(head, flags=head.flags | wire.PLAN_LATER | watch.flags)
        self.reap()
        with PlanFile(head, None, operation) as plan:
            try:
                shim = self._spawn(cgroup, container_id, run_dir, plan.fd, (guard, snapshot))
            except OSError as error:
                raise kernel_error(operation, "start the shim", error, stage="shim") from None
            try:
                # The namespaces take the kernel as long as all of this takes us.
                wanted = order()
                if watch.born is not None:
                    births.await_born(shim.connection, operation, wanted.explain, plan, watch.born)
                plan.put(wanted)
                births.let_go(shim.connection)
                while not sockets.readable(shim.connection, 0) and idly():
                    pass
                process, pidfd = births.follow(shim.connection, operation, wanted.explain, plan, watch)
            except BaseException:
                shim.connection.close()
                self._await_end(shim.pid)
                raise
        with self._lock:
            self._running.add(shim.pid)
        return Kept(shim.connection, process, pidfd)

    def alive(self, run_dir: str) -> bool:
        """Whether a shim serves the task of `run_dir`: a quick look."""
        try:
            sockets.connect(run_dir, SOCKET_NAME).close()
        except TimeoutError:
            return True
        except OSError:
            return False
        return True

    def find(self, container_id: str, run_dir: str) -> Kept | None:
        """The init of the shim that serves `run_dir`; None when there is none."""
        from tuicont.core.shim import births, wire

        operation = f"find the task of {container_id[:12]}"
        try:
            connection = sockets.connect(run_dir, SOCKET_NAME)
        except TimeoutError as error:
            raise Conflict(operation, f"its shim has not answered: {error}") from None
        except (FileNotFoundError, ConnectionRefusedError, NotADirectoryError):
            return None
        except OSError as error:
            raise kernel_error(operation, f"connect in {run_dir}", error) from None
        try:
            packet, fd = births.ask_state(connection, operation)
        except Conflict:
            connection.close()
            raise
        if wire.reply_kind(packet) != wire.Reply.STARTED:
            connection.close()
            return None
        return Kept(connection, wire.process(packet), PidFd(fd))

    def reap(self) -> None:
        """Collect the shims that have ended. One that was released a moment ago is left to the next time."""
        with self._lock:
            for pid in tuple(self._running):
                if launch.reap(pid, block=False):
                    self._running.discard(pid)

    def _spawn(self, cgroup: str, container_id: str, run_dir: str, plan: int, locks: tuple[int, ...]) -> _Shim:
        """The id is for ps(1) to show. Raises `OSError`."""
        null, program = launch.null(), launch.open_program(SHIM)
        with contextlib.ExitStack() as opened:
            directory = _open(cgroup, opened) if cgroup else -1
            handed = (plan, _open(run_dir, opened), *(fd if fd >= 0 else null for fd in locks))
            ours, theirs = sockets.packet_pair()
            opened.callback(theirs.close)
            try:
                fds = (null, null, null, theirs.fileno(), *handed)
                return _Shim(launch.spawn(program, ("tuicont-shim", container_id), fds, directory), ours)
            except BaseException:
                ours.close()
                raise

    def _await_end(self, pid: int) -> None:
        """A shim without anything to keep goes at once, unless its child hangs in the kernel."""
        with contextlib.suppress(ProcessLookupError), contextlib.closing(PidFd(os.pidfd_open(pid))) as process:
            process.wait(_END_SECONDS)
        if not launch.reap(pid, block=False):
            with self._lock:
                self._running.add(pid)


def _open(path: str, opened: contextlib.ExitStack) -> int:
    descriptor = os.open(path, _DIRECTORY)
    opened.callback(os.close, descriptor)
    return descriptor
