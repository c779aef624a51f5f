"""Following a birth: what its asker is told meanwhile, and does.

A shim tells of a process before its first step (BORN) only when somebody wants to act there, announces each operation
(STEPPED) only when somebody wants to let them go on one by one, and answers once with what became of it.
"""

from __future__ import annotations

import contextlib
import errno
import socket
from collections.abc import Callable

import msgspec

from tuicont.core.errors import Conflict, EngineError, KernelError
from tuicont.core.shim import wire
from tuicont.core.shim.failure import failure
from tuicont.core.shim.patience import ANSWER_SECONDS
from tuicont.core.shim.plan import PlanFile
from tuicont.core.sys import sockets
from tuicont.core.sys.pidfd import PidFd

Explain = Callable[[wire.Failed], EngineError]


class Watch(msgspec.Struct, frozen=True, kw_only=True):
    """What an asker wants of a birth. `born` is called with (pid, pidfd) when the process and its namespaces exist and
    it has done nothing yet; `step` with the index of each operation before it is done (False cancels the birth);
    `observe` with what was done and how long it took, also when the birth failed."""

    born: Callable[[int, int], object] | None = None
    step: Callable[[int], bool] | None = None
    observe: Callable[[tuple[wire.Traced, ...]], object] | None = None

    @property
    def flags(self) -> int:
        """The flags of a plan that ask for it."""
        born = wire.PLAN_BORN if self.born else 0
        return born | (wire.PLAN_STEP if self.step else 0) | (wire.PLAN_TRACE if self.observe else 0)


def reply(connection: socket.socket, operation: str, seconds: float = ANSWER_SECONDS) -> tuple[bytes, int]:
    """The next packet and its descriptor (see `sockets.receive`). Raises `Conflict` when none comes for so long."""
    if not sockets.readable(connection, seconds):
        raise Conflict(operation, f"its shim has not answered for {seconds:g} s")
    return sockets.receive(connection)


def ask_state(connection: socket.socket, operation: str) -> tuple[bytes, int]:
    """The answer to `Request.STATE`, empty when the shim is gone. Raises `Conflict` as `reply` does, and when the shim
    takes no more clients."""
    with contextlib.suppress(ConnectionError):
        connection.send(wire.request(wire.Request.STATE))
    packet, fd = reply(connection, operation)
    if wire.reply_kind(packet) == wire.Reply.FAILED:
        raise failure(operation, wire.failed(packet))
    return packet, fd


def let_go(connection: socket.socket) -> None:
    """Let the child take its next step. That its shim died meanwhile shows in what is read next."""
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        connection.send(wire.request(wire.Request.GO))


def await_born(
    connection: socket.socket, operation: str, explain: Explain, plan: PlanFile, born: Callable[[int, int], object]
) -> None:
    """Call `born` while the child waits. Raises the error of a child that was never made."""
    process, pidfd = answer(connection, operation, explain, seconds=plan.patience + ANSWER_SECONDS)
    try:
        born(process.pid, pidfd.fileno())
    finally:
        pidfd.close()


def follow(
    connection: socket.socket, operation: str, explain: Explain, plan: PlanFile, watch: Watch
) -> tuple[wire.Process, PidFd]:
    """Serve a birth until it is over: created or started. Raises the error of what failed."""
    process: wire.Process | None = None
    try:
        seconds = plan.patience + ANSWER_SECONDS
        process, pidfd = answer(connection, operation, explain, watch.step, seconds=seconds)
    finally:
        if watch.observe is not None:
            watch.observe(plan.traced(process.time_ns if process is not None else 0))
    return process, pidfd


def answer(
    connection: socket.socket,
    operation: str,
    explain: Explain,
    step: Callable[[int], bool] | None = None,
    *,
    seconds: float = ANSWER_SECONDS,
) -> tuple[wire.Process, PidFd]:
    """The shim's word on a process: the process and a pidfd of it, or the error of what failed. Raises `Conflict` when
    nothing comes for so long."""
    while True:
        packet, fd = reply(connection, operation, seconds)
        kind = wire.reply_kind(packet)
        if kind == wire.Reply.STEPPED:
            index = wire.stepped(packet)
            if step is None or not step(index):
                raise explain(wire.Failed(stage=wire.Stage.OPERATION, index=index, errno=errno.ECANCELED))
            let_go(connection)
        elif kind in (wire.Reply.BORN, wire.Reply.CREATED, wire.Reply.STARTED):
            return wire.process(packet), PidFd(fd)
        elif kind == wire.Reply.FAILED:
            raise explain(wire.failed(packet))
        else:
            raise KernelError(operation, "the shim died before reporting")
