"""Connections to the input and output of processes: attach, and exec of one more process."""

from __future__ import annotations

import os
from collections.abc import Callable

from tuicont.core.engine.context import Context, telling
from tuicont.core.engine.identity import resolve_running
from tuicont.core.engine.lifecycle import Lifecycle
from tuicont.core.engine.specs import Specs
from tuicont.core.engine.tasks import Tasks
from tuicont.core.errors import Invalid
from tuicont.core.model.container import Container, ExitStatus
from tuicont.core.model.request import ExecRequest
from tuicont.core.model.state import Verb
from tuicont.core.runtime.base import Session


class Sessions:
    """Opens sessions."""

    def __init__(self, context: Context, tasks: Tasks, lifecycle: Lifecycle, specs: Specs) -> None:
        self._specs = specs
        self._context = context
        self._tasks = tasks
        self._lifecycle = lifecycle

    def attach(self, ref: str, stdin: bool) -> Session:
        """To the container's init."""
        container = self._context.require(ref, Verb.ATTACH)
        return self._tasks.get(container, "attach").attach(stdin=stdin and container.request.stdin_open)

    def start_attached(self, ref: str, stdin: bool, rows: int, cols: int) -> Session:
        """Start a container and be connected from its first byte on."""
        container = self._lifecycle.start(ref, console=(rows, cols))
        return self._tasks.get(container, "attach").attach(stdin=stdin and container.request.stdin_open)

    def exec(self, ref: str, request: ExecRequest) -> Session:
        """Run `request` in the container."""
        container = self._context.require(ref, Verb.EXEC)
        operation = f"exec {' '.join(request.command)} in {container.name}"
        if not request.command:
            raise Invalid(f"exec in {container.name}", "no command is given")
        identity = resolve_running(container.pid, request.user) if request.user else None
        spec = self._lifecycle.spec(container.id)
        process = self._specs.exec(spec, request, identity)
        exec_id = os.urandom(8).hex()
        # A pause meanwhile would freeze the new process before it has executed anything.
        with telling(operation), self._context.locks.hold(container.id):
            container = self._context.require(container.id, Verb.EXEC)
            session = self._tasks.get(container, "exec in").exec(
                process,
                spec,
                self._context.cgroups.open(container.id).placement,
                exec_id=exec_id,
                stdin=request.stdin_open,
                rows=request.rows,
                cols=request.cols,
            )
        self._event("/tasks/exec-started", container, exec_id, command=" ".join(request.command))
        return Reported(session, lambda status: self._ended(container, exec_id, status))

    def _ended(self, container: Container, exec_id: str, status: ExitStatus) -> None:
        self._event("/tasks/exec-exit", container, exec_id, exit_code=str(status.code))

    def _event(self, topic: str, container: Container, exec_id: str, **detail: str) -> None:
        self._context.announce(topic, container, {"exec_id": exec_id, **detail})


class Reported:
    """A session whose end is told once."""

    def __init__(self, session: Session, ended: Callable[[ExitStatus], None]) -> None:
        self._session = session
        self._ended: Callable[[ExitStatus], None] | None = ended
        self.fileno = session.fileno
        self.write = session.write
        self.close_stdin = session.close_stdin
        self.resize = session.resize
        self.signal = session.signal
        self.close = session.close

    def read(self, timeout: float | None = None) -> tuple[int, bytes] | None:
        """As `Session.read`."""
        data = self._session.read(timeout)
        if data is None and self._ended is not None and self._session.exit is not None:
            ended, self._ended = self._ended, None
            ended(self._session.exit)
        return data

    @property
    def exit(self) -> ExitStatus | None:
        """As `Session.exit`."""
        return self._session.exit
