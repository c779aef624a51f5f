"""Which containers have a pane with a process in it, and how such a pane is made.

One a container: a shell and an attachment take each other's place only when the first has ended.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuicont.core.engine.api import Engine, Session
from tuicont.core.errors import CommandNotExecutable, CommandNotFound
from tuicont.core.model.container import Container
from tuicont.core.model.request import ExecRequest
from tuicont.engine_access import EngineAccess

if TYPE_CHECKING:
    from tuicont.screens.details.terminal_pane import Open, SessionPane

SHELL = "terminal"
SHELLS = ("/bin/bash", "/bin/sh")
_TERM = "TERM=xterm-256color"


def shell_session(engine: Engine, ref: str, rows: int, columns: int) -> Session:
    """The best shell that the container has, on a terminal. Raises what the last attempt raised."""
    *better, last = SHELLS
    for command in better:
        try:
            return _exec(engine, ref, command, rows, columns)
        except (CommandNotFound, CommandNotExecutable):
            continue
    return _exec(engine, ref, last, rows, columns)


def _exec(engine: Engine, ref: str, command: str, rows: int, columns: int) -> Session:
    request = ExecRequest(command=(command,), env=(_TERM,), tty=True, stdin_open=True, rows=rows, cols=columns)
    return engine.tasks.exec(ref, request)


class Shells:
    """The session panes by container; the one that there is comes back."""

    def __init__(self, bridge: EngineAccess) -> None:
        self._bridge = bridge
        self._panes: dict[str, SessionPane] = {}
        self._made = 0

    def of(self, container: Container | None) -> SessionPane | None:
        """The pane of this container, if it has one."""
        return self._panes.get(container.id) if container is not None else None

    def shell(self, container: Container) -> SessionPane:
        """A shell in the container."""
        engine = self._bridge.engine
        return self._pane(
            container,
            lambda rows, columns: shell_session(engine, container.id, rows, columns),
            f"shell in {container.name}",
            attached=False,
        )

    def attachment(self, container: Container) -> SessionPane:
        """The container's own input and output."""
        engine = self._bridge.engine

        def attach(rows: int, columns: int) -> Session:
            session = engine.tasks.attach(container.id, stdin=container.request.stdin_open)
            if container.request.tty:
                session.resize(rows, columns)
            return session

        return self._pane(container, attach, container.name, attached=True)

    def _pane(self, container: Container, opening: Open, name: str, *, attached: bool) -> SessionPane:
        from tuicont.screens.details.terminal_pane import LinesPane, TerminalPane  # here: pyte is large

        pane = self._panes.get(container.id)
        if pane is None:
            self._made += 1
            key = f"session-{self._made}"
            if attached and not container.request.tty:
                takes = container.request.stdin_open and not self._bridge.read_only
                pane = LinesPane(self._bridge, opening, name=name, takes_input=takes, id=key)
            else:
                pane = TerminalPane(self._bridge, opening, name=name, attached=attached, id=key)
            self._panes[container.id] = pane
        return pane

    def drop(self, pane: SessionPane) -> None:
        """Its process has ended, or was left."""
        for container_id, other in list(self._panes.items()):
            if other is pane:
                del self._panes[container_id]
        pane.remove()
