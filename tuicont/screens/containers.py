"""The Containers screen: the live table, the details of the selected one, the latest events.

Knows how to show and to select; what its keys do to containers is in `container_actions`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container as Box
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input

from tuicont.actions import IN_DETAILS, Scope, Situation
from tuicont.core.model.container import Container
from tuicont.core.model.event import Event
from tuicont.core.model.snapshot import Snapshot
from tuicont.engine_access import EngineAccess
from tuicont.presenters import containers as rows
from tuicont.screens.container_actions import ContainerActions
from tuicont.screens.rows import ContainerRows, EventRows
from tuicont.widgets.acting import bindings_for
from tuicont.widgets.filter_line import FilterLine
from tuicont.widgets.line_table import LineTable

if TYPE_CHECKING:
    from tuicont.screens.details import Details

_STRIP_EVENTS = 5


class ContainersScreen(ContainerActions):
    """`1`: what runs here and what it uses."""

    MODE = "containers"
    SCOPES = (Scope.CONTAINERS, Scope.LIST, Scope.LINES)
    IN_FOCUS = IN_DETAILS
    BINDINGS: ClassVar[list[BindingType]] = bindings_for(Scope.CONTAINERS, Scope.LIST)
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (150, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-short"), (34, "-tall")]

    def __init__(self, bridge: EngineAccess, keys: Mapping[str, str], sort: str = "name") -> None:
        super().__init__(bridge, keys)
        self._rows = ContainerRows()
        self._recent = EventRows(_STRIP_EVENTS)
        self._sort = sort
        self._reverse = False
        self._query = ""
        self._title = ""
        self._details: Details | None = None
        self._wanted: tuple[str, str] | None = None
        """(container id, tab) to select once the table has it"""
        self.handlers |= {
            "shell": self._shell,
            "attach": self._join,
            "open": self._open,
            "maximise": self._maximise,
            "logs": lambda: self.details.select_tab("logs"),
            "inspect": lambda: self.details.select_tab("inspect"),
            "next_tab": lambda: self.details.next_tab(),
            "previous_tab": lambda: self.details.previous_tab(),
            "filter": lambda: FilterLine.open(self.table),
            "sort": self._next_sort,
            "reverse": self._turn,
            "mark": self._mark,
            "mark_all": self._mark_all,
        }

    def body(self) -> ComposeResult:
        with Box(id="main"):
            with Vertical(id="list"):
                yield LineTable(self._rows, id="containers")
            yield Vertical(id="side")
        strip = LineTable(self._recent, pager=True, id="recent")
        strip.can_focus = False
        strip.border_title = "events"
        yield strip

    @property
    def table(self) -> LineTable[rows.ContainerRow]:
        """The table of containers."""
        return self.query_one("#containers", LineTable)

    @property
    def details(self) -> Details:
        """The tabs of the selected container, imported and made after the first picture, or when a key asks for them
        before."""
        if self._details is None:
            from tuicont.screens.details import Details

            self._details = Details(self.bridge)
            self.query_one("#side").mount(self._details)
            self._show_details()
        return self._details

    def on_mount(self) -> None:
        super().on_mount()
        self.table.focus()
        self.table.set_empty("\n  opening the engine …")
        self._draw()
        self.call_after_refresh(lambda: self.details)

    def engine_opened(self) -> None:
        self.ask("past events", lambda engine: engine.events.past(limit=_STRIP_EVENTS), self.show_events)

    def show_trouble(self, text: str) -> None:
        if text and not self._rows.snapshot.time_ns:
            self.table.set_empty(text)

    # snapshots and events

    def show_snapshot(self, snapshot: Snapshot) -> None:
        self._rows.take(snapshot)
        self._draw()

    def show_events(self, events: tuple[Event, ...]) -> None:
        self._recent.take(events)
        self.query_one("#recent", LineTable).set_keys(list(reversed(self._recent.events)))

    def _draw(self) -> None:
        if not self.is_mounted:
            return
        table, snapshot = self.table, self._rows.snapshot
        shown = rows.order(snapshot, self._sort, reverse=self._reverse, query=self._query)
        table.set_sort(self._sort, rows.TABLE.orders[self._sort].arrow(reverse=self._reverse))
        table.set_keys([container.id for container in shown])
        if snapshot.time_ns:
            table.set_empty(self._empty_text())
        if self._wanted is not None and self._wanted[0] in self._rows.by_id:
            container_id, tab = self._wanted
            self._wanted = None
            table.move_to_key(container_id)
            if tab:
                self.details.select_tab(tab)
        self._update_title(len(shown))
        self._show_details()
        self.update_keys()

    def _empty_text(self) -> str:
        if self._query:
            return f"\n  no container matches {self._query!r} · esc shows all"
        if self.bridge.read_only:
            return "\n  no containers yet"
        return (
            f"\n  no containers yet\n\n  press {self.shown_keys('create')} to make the first one"
            f"\n  press {self.shown_keys('help')} for all keys"
        )

    def _update_title(self, shown: int) -> None:
        title = rows.title(
            self._rows.snapshot.containers,
            shown=shown,
            marked=len(self.table.marked),
            query=self._query,
            sort=self._sort,
            reverse=self._reverse,
        )
        if self._title != title:
            self._title = title
            self.table.border_title = Content(title)

    def _show_details(self) -> None:
        if self._details is not None:
            self._details.show(self.selected, self._rows.snapshot)

    @on(LineTable.Highlighted, "#containers")
    def _selected(self, message: LineTable.Highlighted) -> None:
        self._show_details()
        self.update_keys()

    def set_doing(self, container_id: str, verb: str) -> None:
        if verb:
            self._rows.doing[container_id] = verb
        elif self._rows.doing.pop(container_id, None) is None:
            return
        self._draw()

    # selection

    @property
    def selected(self) -> Container | None:
        """The container under the cursor."""
        return self._rows.by_id.get(self.table.cursor_key or "")

    def situation(self) -> Situation:
        if not self.is_mounted:
            return Situation(read_only=self.bridge.read_only)
        marked = tuple(c for key in self.table.keys if key in self.table.marked and (c := self._rows.by_id.get(key)))
        one = self.selected
        return Situation(targets=marked or ((one,) if one else ()), read_only=self.bridge.read_only)

    def select(self, container_id: str, tab: str = "") -> None:
        """Put the cursor on this container, now or when it appears."""
        self._wanted = (container_id, tab)
        if container_id in self._rows.by_id:
            if self._query and not rows.matches(self._rows.by_id[container_id], self._query):
                self.query_one(FilterLine).close(keep=False)
                self._query = ""
            self._draw()

    # the list's and the view's actions

    def _open(self) -> None:
        self.add_class("-details-only")
        self.details.focus()

    def _shell(self) -> None:
        if self.selected is not None:
            self.details.open_shell(self.selected)

    def _join(self) -> None:
        if self.selected is not None:
            self.details.open_attach(self.selected)

    def _maximise(self) -> None:
        if self.has_class("-details-only") or self.has_class("-list-only"):
            self.remove_class("-details-only", "-list-only")
        else:
            inside = self.focused is not None and self.details in self.focused.ancestors_with_self
            self.add_class("-details-only" if inside else "-list-only")

    def back(self) -> None:
        if self.has_class("-details-only") or self.has_class("-list-only"):
            self.remove_class("-details-only", "-list-only")
        elif self.focused is not self.table:
            pass
        elif self.table.marked:
            self.table.clear_marks()
        elif self._query:
            self.query_one(FilterLine).close(keep=False)
        self.table.focus()
        self._draw()

    def _next_sort(self) -> None:
        shown = [column for column in self.table.columns if column in rows.TABLE.orders]
        position = shown.index(self._sort) if self._sort in shown else -1
        self._sort_by(shown[(position + 1) % len(shown)])

    def _sort_by(self, column: str) -> None:
        self._reverse = not self._reverse if column == self._sort else False
        self._sort = column
        self._draw()

    def _turn(self) -> None:
        self._reverse = not self._reverse
        self._draw()

    def _mark(self) -> None:
        self.table.toggle_mark()
        self._draw()

    def _mark_all(self) -> None:
        self.table.mark_all()
        self._draw()

    @on(LineTable.HeaderClicked, "#containers")
    def _header_clicked(self, message: LineTable.HeaderClicked) -> None:
        self._sort_by(message.column)

    @on(LineTable.Opened, "#containers")
    def _opened(self) -> None:
        self._open()

    @on(Input.Changed, "FilterLine")
    def _filter_changed(self, message: Input.Changed) -> None:
        self._query = message.value
        self._draw()

    @on(FilterLine.Closed)
    def _filter_closed(self) -> None:
        self.table.focus()
