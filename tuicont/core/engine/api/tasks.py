"""The running side of containers: started, entered, frozen, ended.

Each verb is refused by `Conflict` when the container's state does not allow it (`model/state.py`).
"""

from __future__ import annotations

from typing import Protocol

from tuicont.core.model.container import Container, ExitStatus
from tuicont.core.model.request import ExecRequest
from tuicont.core.runtime.base import STDERR as STDERR
from tuicont.core.runtime.base import STDOUT as STDOUT
from tuicont.core.runtime.base import Session as Session


class Tasks(Protocol):
    """`engine.tasks`."""

    def start(self, ref: str) -> Container:
        """Run its command. Raises the failure of the kernel operation that failed (`CommandNotFound`,
        `CommandNotExecutable` for its command); it can be tried again."""

    def start_attached(self, ref: str, *, stdin: bool = True, rows: int = 24, cols: int = 80) -> Session:
        """Start, connected from the first byte of output on and (with a tty) in a terminal of that size;
        `attach` after `start` may miss what a quick container wrote."""

    def attach(self, ref: str, *, stdin: bool = True) -> Session:
        """Connect to its init: to its output from now on, and to its input if it was made with one and `stdin`."""

    def exec(self, ref: str, request: ExecRequest) -> Session:
        """Run one more process in it. Raises as `start` does."""

    def stop(self, ref: str, *, signal: str = "", timeout: float | None = None) -> Container:
        """The stop signal (its own without `signal`), then after `timeout` seconds (None: its own; below 0: never)
        SIGKILL to every process."""

    def kill(self, ref: str, signal: str = "SIGKILL") -> Container:
        """A signal by name or number: to the init, SIGKILL to every process of the container."""

    def restart(self, ref: str, *, timeout: float | None = None) -> Container:
        """Stop it, as `stop` does, if it runs; then start it."""

    def pause(self, ref: str) -> Container:
        """Freeze every process; returns when the kernel confirms it."""

    def unpause(self, ref: str) -> Container:
        """Let them go on."""

    def wait(self, ref: str, timeout: float | None = None) -> ExitStatus:
        """Block until it does not run. Raises `TimeoutError` after `timeout` seconds."""
