"""What the TUI's parts tell each other: thin messages with frozen payloads. Knows no widget and no screen."""

from __future__ import annotations

from textual.message import Message

from tuicont.core.model.event import Event
from tuicont.core.model.snapshot import Snapshot

SAMPLES, EVENTS = "samples", "events"
"""What comes by itself, by name."""


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
    """The engine did not open."""

    def __init__(self, error: BaseException) -> None:
        self.error = error
        super().__init__()


class FeedTold(Message):
    """A feed, which is known by its name, cannot go on because of `error`, and tries; or goes on again (None)."""

    def __init__(self, feed: str, error: Exception | None) -> None:
        self.feed = feed
        self.error = error
        super().__init__()


class Failed(Message):
    """Something failed whose outcome nobody waits for. `asked` says that it was the answer to a key or a click: then
    it is told each time, else the first time."""

    def __init__(self, error: Exception, *, asked: bool = False) -> None:
        self.error = error
        self.asked = asked
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
