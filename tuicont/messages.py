"""What the TUI's parts tell each other, and the port through which screens reach the engine.

Thin messages with frozen payloads; knows no widget and no screen. `EngineAccess` is what a screen or a
pane is given: the bridge implements it, and tests may.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, Protocol, TypeVar

from textual.message import Message

from tuicont.core.engine.api import Engine
from tuicont.core.model.event import Event
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

    def report(self, error: BaseException) -> None:
        """Show an error as the engine words it: a toast when it is short, else a dialog."""

    def notify(self, text: str) -> None:
        """Say in a toast that something was done."""

    def post(self, message: Message) -> None:
        """Hand a message to the application, from any thread."""


class SnapshotReady(Message):
    """The sampler has a new snapshot. An older one still waiting in the queue is dropped for it."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        super().__init__()

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, SnapshotReady)


class EventsArrived(Message):
    """New events, oldest first."""

    def __init__(self, events: tuple[Event, ...]) -> None:
        self.events = events
        super().__init__()


class EngineOpened(Message):
    """The engine is open; sampling has begun."""


class EngineFailed(Message):
    """The engine did not open, or can no longer be sampled."""

    def __init__(self, error: BaseException, *, fatal: bool) -> None:
        self.error = error
        self.fatal = fatal
        super().__init__()


class RunAction(Message):
    """Somebody (a click in the footer, the palette, a pane) wants the action with this id."""

    def __init__(self, action_id: str) -> None:
        self.action_id = action_id
        super().__init__()


class OpenContainer(Message):
    """Show this container on the Containers screen, with one of its tabs when named."""

    def __init__(self, container_id: str, tab: str = "") -> None:
        self.container_id = container_id
        self.tab = tab
        super().__init__()
