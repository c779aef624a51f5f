"""Which containers have a pane with a process in it, and how such a pane is opened.

One a container: a shell and an attachment take each other's place only when the first has ended.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuicont.core.engine.api import Engine, Session
from tuicont.core.errors import CommandNotExecutable, CommandNotFound
from tuicont.core.model.container import Container
from tuicont.core.model.request import ExecRequest
from tuicont.screens.details.terminal_pane import LinesPane, Open, SessionPane, TerminalPane

if TYPE_CHECKING:
    from tuicont.screens.details.details import Details

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
    """The session panes of one `Details`."""

    def __init__(self, details: Details) -> None:
        self._details = details
        self._panes: dict[str, SessionPane] = {}
        self._made = 0

    def of(self, container: Container | None) -> SessionPane | None:
        """The pane of this container, if it has one."""
        return self._panes.get(container.id) if container is not None else None

    def open_shell(self, container: Container) -> None:
        """A shell in the container."""
        engine = self._details.bridge.engine
        self._open(
            container,
            lambda rows, columns: shell_session(engine, container.id, rows, columns),
            f"shell in {container.name}",
            attached=False,
        )

    def open_attach(self, container: Container) -> None:
        """The container's own input and output."""
        engine = self._details.bridge.engine

        def attach(rows: int, columns: int) -> Session:
            session = engine.tasks.attach(container.id, stdin=container.request.stdin_open)
            if container.request.tty:
                session.resize(rows, columns)
            return session

        self._open(container, attach, container.name, attached=True)

    def _open(self, container: Container, opening: Open, name: str, *, attached: bool) -> None:
        if container.id not in self._panes:
            self._made += 1
            key = f"session-{self._made}"
            bridge = self._details.bridge
            pane: SessionPane
            if attached and not container.request.tty:
                takes = container.request.stdin_open and not bridge.read_only
                pane = LinesPane(bridge, opening, name=name, takes_input=takes, id=key)
            else:
                pane = TerminalPane(bridge, opening, name=name, attached=attached, id=key)
            self._panes[container.id] = pane
            self._details.mount_pane(pane)
        self._details.show_shell(container)

    def drop(self, pane: SessionPane) -> None:
        """Its process has ended, or was left."""
        for container_id, other in list(self._panes.items()):
            if other is pane:
                del self._panes[container_id]
        pane.remove()
