"""What keeps a node going when something in it fails that nobody expected to.

Textual ends the application when a handler raises, and the node hears nothing any more. Here the application is told
(`Failed`), and the node goes on with its next message and its next picture, each of which is a new attempt. Knows
nothing of how it is told.
"""

from __future__ import annotations

from rich.segment import Segment
from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.message_pump import MessagePump
from textual.strip import Strip

from tuicont.messages import Failed, RunAction
from tuicont.presenters.faults import first_line

_ASKED_FOR = (events.Key, events.Click, events.Paste, RunAction)


class Guarded(MessagePump):
    """Mixed into every node: screens, panes, widgets and the application itself."""

    async def _dispatch_message(self, message: Message) -> None:
        # All that a node does comes through here: handlers, actions of keys, watchers, callbacks, mounting.
        try:
            await super()._dispatch_message(message)
        except Exception as error:
            self.app.post_message(Failed(error, asked=isinstance(message, _ASKED_FOR)))

    def render_lines(self, crop: Region) -> list[Strip]:
        """The picture, or in its place why there is none: a picture that fails would take the whole screen with it."""
        try:
            return super().render_lines(crop)  # type: ignore[misc, no-any-return]
        except Exception as error:
            self.app.post_message(Failed(error))
            style = self.rich_style  # type: ignore[attr-defined]
            text = Strip([Segment(first_line(error), style)]).adjust_cell_length(crop.width, style)
            return [text, *(Strip.blank(crop.width, style) for _ in range(crop.height - 1))][: crop.height]
