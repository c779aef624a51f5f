"""One more process in a running container, and the word on how it ended."""

from __future__ import annotations

import os
from collections.abc import Callable

from tuicont.core.engine.births.specs import Specs
from tuicont.core.engine.bundles import Bundles
from tuicont.core.engine.drivers import Drivers
from tuicont.core.engine.records import Records, telling
from tuicont.core.errors import Invalid
from tuicont.core.model.container import Container, ExitStatus
from tuicont.core.model.event import Topic
from tuicont.core.model.request import ExecRequest
from tuicont.core.runtime.base import Session, Task
from tuicont.core.spec.users import Identity


class Sessions:
    """Makes processes."""

    def __init__(self, records: Records, drivers: Drivers, bundles: Bundles, specs: Specs) -> None:
        self._records = records
        self._drivers = drivers
        self._bundles = bundles
        self._specs = specs

    def exec(self, container: Container, task: Task, request: ExecRequest, identity: Identity | None) -> Session:
        """Run `request` in `container`, whose lock the caller holds, until its session ends; as its init's user without
        `identity`."""
        if not request.command:
            raise Invalid(f"exec in {container.name}", "no command is given")
        command = " ".join(request.command)
        exec_id = os.urandom(8).hex()
        spec = self._bundles.spec(container)
        process = self._specs.exec(spec, request, identity)
        with telling(f"exec {command} in {container.name}"):
            session = task.exec(
                process,
                spec,
                self._drivers.cgroups.open(container.id).placement,
                exec_id=exec_id,
                stdin=request.stdin_open,
                rows=request.rows,
                cols=request.cols,
            )
        self._tell(Topic.EXEC_STARTED, container, exec_id, command=command)
        return _Reported(session, lambda end: self._tell(Topic.EXEC_EXIT, container, exec_id, exit_code=str(end.code)))

    def _tell(self, topic: Topic, container: Container, exec_id: str, **detail: str) -> None:
        self._records.announce(topic, container, {"exec_id": exec_id, **detail})


class _Reported:
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
