"""The Events screen: everything that happened, oldest first, followed as it happens.

Knows the stream, not who publishes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import Input

from tuicont.actions import Scope
from tuicont.core.model.event import CONTAINER, Event
from tuicont.engine_access import EngineAccess
from tuicont.messages import OpenContainer
from tuicont.presenters import events as rows
from tuicont.screens.base import ModeScreen
from tuicont.screens.rows import EventRows
from tuicont.text.units import plain
from tuicont.widgets.acting import bindings_for
from tuicont.widgets.filter_line import FilterLine
from tuicont.widgets.line_table import LineTable

_KEPT = 10_000
_NOTHING = "\n  nothing has happened yet"


class EventsScreen(ModeScreen):
    """`6`: what happened."""

    MODE = "events"
    SCOPES = (Scope.EVENTS, Scope.LIST, Scope.LINES)
    BINDINGS: ClassVar[list[BindingType]] = bindings_for(Scope.EVENTS, Scope.LIST)

    def __init__(self, bridge: EngineAccess, keys: Mapping[str, str]) -> None:
        super().__init__(bridge, keys)
        self._rows = EventRows(_KEPT)
        self._query = ""
        self._title = ""
        self._follow = True
        self.handlers |= {
            "follow": self._toggle_follow,
            "open_event": self._open,
            "filter": lambda: FilterLine.open(self.table),
        }

    def body(self) -> ComposeResult:
        yield LineTable(self._rows, id="events", empty=_NOTHING)

    @property
    def table(self) -> LineTable[Event]:
        """The table of events."""
        return self.query_one("#events", LineTable)

    def on_mount(self) -> None:
        super().on_mount()
        self.table.focus()
        self.ask("past events", lambda engine: engine.events.past(limit=2000), self.show_events)

    def show_trouble(self, text: str) -> None:
        self.table.set_empty(text or _NOTHING)

    def show_events(self, events: tuple[Event, ...]) -> None:
        self._rows.take(events)
        self._draw()

    def _draw(self) -> None:
        if not self.is_mounted:
            return
        keys = [key for key, event in self._rows.events.items() if rows.matches(event, self._query)]
        self.table.set_keys(keys)
        if self._follow:
            self.table.move_to(len(keys) - 1)
        counts = str(len(keys)) if len(keys) == len(self._rows.events) else f"{len(keys)} of {len(self._rows.events)}"
        title = f"events ─ {counts}" + (f" ─ filter: {plain(self._query)}" if self._query else "")
        title += " ─ following ●" if self._follow else ""
        if title != self._title:
            self._title = title
            self.table.border_title = Content(title)

    def _toggle_follow(self) -> None:
        self._follow = not self._follow
        self._draw()

    def _open(self) -> None:
        event = self._rows.events.get(self.table.cursor_key or "")
        if event is None:
            return
        if event.about != CONTAINER:
            self.notify(f"{event.name} is no container", severity="warning")
        else:
            self.app.post_message(OpenContainer(event.subject))

    def back(self) -> None:
        if self._query:
            self.query_one(FilterLine).close(keep=False)
        self.table.focus()

    @on(LineTable.Highlighted, "#events")
    def _moved(self, message: LineTable.Highlighted) -> None:
        """Moving away from the end stops following; coming back to it goes on."""
        at_end = self.table.cursor == len(self.table.keys) - 1
        if at_end != self._follow:
            self._follow = at_end
            self._draw()

    @on(LineTable.Opened, "#events")
    def _opened(self) -> None:
        self._open()

    @on(Input.Changed, "FilterLine")
    def _filter_changed(self, message: Input.Changed) -> None:
        self._query = message.value
        self._draw()

    @on(FilterLine.Closed)
    def _filter_closed(self) -> None:
        self.table.focus()
