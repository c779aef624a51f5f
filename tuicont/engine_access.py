"""The port through which screens and panes reach the engine: the bridge implements it, and tests may."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, Protocol, TypeVar

from textual.message import Message

from tuicont.core.engine.api import Engine
from tuicont.core.model.snapshot import Snapshot

P = ParamSpec("P")
T = TypeVar("T")


class EngineAccess(Protocol):
    """The engine as the event loop may use it: nothing here blocks."""

    read_only: bool

    @property
    def engine(self) -> Engine:
        """The open engine. Raises `Conflict` while it is being opened."""

    @property
    def snapshot(self) -> Snapshot | None:
        """The newest snapshot, None before the first."""

    async def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run an engine call in a thread of its own and await it. Raises what the call raises."""

    def told(self, error: BaseException) -> str:
        """An error in words, for whoever shows it in a place of its own. One that is no engine's is a fault of this
        program: its traceback is kept, and written out when the program ends. From any thread."""

    def report(self, error: BaseException, *, again: bool = True) -> None:
        """Show an error in these words: a toast when they are short, else a dialog. Without `again`, a fault that was
        told before is not shown."""

    def notify(self, text: str) -> None:
        """Say in a toast that something was done."""

    def post(self, message: Message) -> None:
        """Hand a message to the application, from any thread."""
