"""The tabs of the selected container. Only the visible tab works; a tab's widget is made when first shown.

Knows which pane belongs to which tab, and the keys that all have (searching, copying), not what is in them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.widget import Widget
from textual.widgets import Label

from tuicont.actions import Scope
from tuicont.core.model.container import Container
from tuicont.core.model.snapshot import Snapshot
from tuicont.engine_access import EngineAccess
from tuicont.screens.details.pane import Pane
from tuicont.screens.details.search import PaneSearch
from tuicont.screens.details.shells import SHELL, Shells
from tuicont.screens.details.tabs import TABS
from tuicont.widgets.acting import Acting, Handlers, bindings_for
from tuicont.widgets.guarded import Guarded
from tuicont.widgets.prompt_line import PromptLine
from tuicont.widgets.tab_strip import TabStrip

if TYPE_CHECKING:
    from tuicont.screens.details.terminal_pane import SessionPane

_NAMES = [(tab.id, tab.short or tab.id) for tab in TABS]
_MAKERS = {tab.id: tab.make for tab in TABS}
_COPIED_MOST = 1 << 20
_NEEDS_SEARCH = frozenset({"next_match", "previous_match", "end_search"})


class Details(Acting, Guarded, Widget):
    """A strip of tabs, the chosen one's pane, and a line on what is shown."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_for(Scope.DETAILS)

    def __init__(self, bridge: EngineAccess) -> None:
        super().__init__()
        self.bridge = bridge
        self._panes: dict[str, Pane] = {}
        self._tab = self._tab_before = TABS[0].id
        self._container: Container | None = None
        self._snapshot: Snapshot | None = None
        self._strip = TabStrip()
        self._status = Label("", id="status", markup=False)
        self._trouble = ""
        self._prompt: PromptLine | None = None
        self._box = Vertical(id="panes")
        self._shells = Shells(bridge)
        self._search = PaneSearch()
        self.handlers: Handlers = {
            "search": lambda: self._ask("search", "/", self._search.text),
            "next_match": lambda: self._jump(1),
            "previous_match": lambda: self._jump(-1),
            "end_search": self._end_search,
            "copy_text": self._copy,
        }

    def compose(self) -> ComposeResult:
        yield self._strip
        yield self._box
        yield self._status

    def on_mount(self) -> None:
        """Show what was to be shown before there was room for it."""
        self.call_later(self._draw)

    # what the screen calls

    @property
    def tab(self) -> str:
        """The id of the chosen tab."""
        return self._tab

    @property
    def pane(self) -> Pane | None:
        """The visible pane."""
        if self._tab == SHELL:
            return self._shells.of(self._container)
        return self._panes.get(self._tab)

    def show(self, container: Container | None, snapshot: Snapshot) -> None:
        """Show this container as of `snapshot`: called each tick and when the selection changes."""
        moved = (container.id if container else "") != (self._container.id if self._container else "")
        self._container, self._snapshot = container, snapshot
        if moved and self._tab == SHELL and self._shells.of(container) is None:
            self._tab = self._tab_before
        if moved:
            self._end_search()
        self._draw()

    def select_tab(self, tab: str) -> None:
        """Show the tab with this id."""
        if tab not in _MAKERS and tab != SHELL:
            return
        had_focus = self._holds_focus()
        if self._tab != SHELL:
            self._tab_before = self._tab
        self._tab = tab
        self._end_search()
        self._draw()
        if had_focus or tab == SHELL:
            self.focus()

    def next_tab(self) -> None:
        """The tab to the right, around the end."""
        self._step(1)

    def previous_tab(self) -> None:
        """The tab to the left, around the end."""
        self._step(-1)

    def open_shell(self, container: Container) -> None:
        """A shell inside, in a pane of its own; the one that is open already comes back."""
        self._show_session(container, self._shells.shell(container))

    def open_attach(self, container: Container) -> None:
        """The container's own terminal, or its output with a line for input when it has none."""
        self._show_session(container, self._shells.attachment(container))

    def focus(self, scroll_visible: bool = True) -> Details:
        """Give the keyboard to what the visible tab shows."""
        pane = self.pane
        if pane is not None:
            # A pane made a moment ago has no parts yet.
            self.call_after_refresh(self._enter, pane, scroll_visible)
        elif not self.is_mounted:
            self.call_after_refresh(self.focus, scroll_visible)
        return self

    def _enter(self, pane: Pane, scroll_visible: bool) -> None:
        target = pane.entry
        if pane is self.pane and target is not None:
            target.focus(scroll_visible)

    # what the tabs are

    def _show_session(self, container: Container, pane: SessionPane) -> None:
        if not self.is_mounted:
            self.call_after_refresh(self._show_session, container, pane)
            return
        if pane.parent is None:
            self._mount(pane)
        self._container = container
        self.select_tab(SHELL)

    def on_session_pane_gone(self, message: SessionPane.Gone) -> None:
        """A terminal has ended: its tab goes, the one before comes back."""
        message.stop()
        had_focus = self._holds_focus()
        self._shells.drop(message.pane)
        if message.text:
            self.bridge.notify(message.text)
        if self._tab == SHELL and self._shells.of(self._container) is None:
            self._tab = self._tab_before
        self._draw()
        if had_focus:
            self.focus()

    def _mount(self, pane: Pane) -> None:
        """Put a pane among the others, not shown yet."""
        pane.display = False
        self._box.mount(pane)

    def _tabs(self) -> list[tuple[str, str]]:
        """The tabs that there are, by id and short title."""
        return [*_NAMES, (SHELL, "tty")] if self._shells.of(self._container) is not None else _NAMES

    def _step(self, step: int) -> None:
        ids = [tab for tab, _ in self._tabs()]
        self.select_tab(ids[(ids.index(self._tab) + step) % len(ids)])

    def _holds_focus(self) -> bool:
        focused = self.screen.focused
        return focused is not None and self in focused.ancestors_with_self

    def _draw(self) -> None:
        container, snapshot = self._container, self._snapshot
        if not self.is_mounted or snapshot is None:
            return
        self._strip.show(container.name if container else "", self._tabs(), self._tab)
        self._trouble = ""
        try:
            self._show_pane(container, snapshot)
        except Exception as error:  # said below the pane, and tried again with the next tick
            self._trouble = self.bridge.told(error)
        self._draw_status()

    def _show_pane(self, container: Container | None, snapshot: Snapshot) -> None:
        pane = self._visible_pane() if container is not None else None
        for other in self._box.query(Pane):
            shown = other is pane
            if other.display != shown:
                other.display = shown
                if not shown:
                    other.hidden()
        if pane is not None and container is not None:
            pane.show(container, snapshot)

    def _visible_pane(self) -> Pane | None:
        pane = self.pane
        if pane is None and self._tab in _MAKERS:
            pane = self._panes[self._tab] = _MAKERS[self._tab](self.bridge)
            self._mount(pane)
        return pane

    def _draw_status(self) -> None:
        pane = self.pane
        text = pane.status if pane is not None and self._container is not None else ""
        if self._trouble:
            text = self._trouble.partition("\n")[0]
        elif self._search.note:
            text = f"{self._search.note} · {text}"
        if str(self._status.content) != text:
            self._status.update(text)

    def on_descendant_focus(self) -> None:
        """The upper edge shows where the keyboard is."""
        self._strip.add_class("-active")
        self._draw_status()

    def on_descendant_blur(self) -> None:
        """The keyboard is elsewhere."""
        self._strip.set_class(self._holds_focus(), "-active")
        self._draw_status()

    def on_tab_strip_chosen(self, message: TabStrip.Chosen) -> None:
        message.stop()
        self.select_tab(message.tab)
        self.focus()

    def on_pane_status_changed(self, message: Pane.StatusChanged) -> None:
        message.stop()
        self._draw_status()

    # searching and copying

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Without a search there is no next match: the key is the screen's."""
        if action == "run" and parameters and parameters[0] in _NEEDS_SEARCH:
            return self._search.pattern is not None
        return True

    def _ask(self, purpose: str, label: str, text: str) -> None:
        if self._prompt is None:
            self._prompt = PromptLine()
            self.mount(self._prompt)
        self._prompt.ask(purpose, label, text)

    def _begin_search(self, text: str) -> None:
        self._search.begin(self.pane, text)
        self._draw_status()

    def _end_search(self) -> None:
        if self._search.pattern is not None:
            self._begin_search("")

    def _jump(self, step: int) -> None:
        pane = self.pane
        if pane is not None and not pane.jump(step):
            self.bridge.notify(f"nothing matches {self._search.text}")

    def _copy(self) -> None:
        pane = self.pane
        if pane is not None:
            what, text = pane.copied()
            self.app.copy_to_clipboard(text[:_COPIED_MOST])
            self.bridge.notify(f"copied {what}")

    def on_pane_asked(self, message: Pane.Asked) -> None:
        """The visible pane has a question."""
        message.stop()
        self._ask(message.purpose, message.label, message.text)

    def on_prompt_line_changed(self, message: PromptLine.Changed) -> None:
        """Searching follows the typing."""
        message.stop()
        if message.purpose == "search":
            self._begin_search(message.text)

    def on_prompt_line_answered(self, message: PromptLine.Answered) -> None:
        """The keyboard goes back to the pane."""
        message.stop()
        pane = self.pane
        if message.purpose == "search":
            if message.text is None:
                self._end_search()
            elif message.text:
                self._jump(1)
        elif pane is not None:
            pane.answered(message.purpose, message.text)
        self.focus()
