"""What a tab is to the details, and the tab that shows pages: it asks the engine and lets a presenter draw.

A hidden tab does nothing. Answers that come after the selection has changed are dropped. What fails is shown in the
tab above what was known before, and tried again with the next tick.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Generic, TypeVar

import msgspec
from textual import events, work
from textual.app import ComposeResult
from textual.message import Message
from textual.widget import Widget

from tuicont.core.engine.api import Engine
from tuicont.core.model.container import Container
from tuicont.core.model.limits import Limits
from tuicont.core.model.snapshot import Snapshot
from tuicont.engine_access import EngineAccess
from tuicont.presenters.details.line import Page, said, troubled
from tuicont.presenters.details.view import View
from tuicont.text.units import counted
from tuicont.widgets.guarded import Guarded
from tuicont.widgets.text_view import TextView

T = TypeVar("T")
"""What the engine answers for a tab."""


class PageTab(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """A tab that is one page. `load` asks the engine about a container, again every `every_ns` (0: when the container
    has changed); `dead` says why there is nothing to ask of one that does not run ("" asks anyway)."""

    id: str
    present: Callable[[View[T]], Page]
    load: Callable[[Engine, str], T] | None = None
    every_ns: int = 0
    dead: str = ""


class Pane(Guarded, Widget):
    """One tab. `show` is called each tick and when the selection changes, while the tab is the visible one."""

    class StatusChanged(Message):
        """The pane's status line says something else."""

    class Asked(Message):
        """The pane wants to know something; the answer comes to `answered`."""

        def __init__(self, purpose: str, label: str, text: str) -> None:
            self.purpose = purpose
            self.label = label
            self.text = text
            super().__init__()

    def __init__(self, bridge: EngineAccess, *, id: str) -> None:
        super().__init__(id=id)
        self.bridge = bridge

    def show(self, container: Container, snapshot: Snapshot) -> None:
        """Draw what changed."""

    def hidden(self) -> None:
        """Another tab, or none, is shown now: stop working."""

    @property
    def status(self) -> str:
        """A line on what is shown."""
        return ""

    @property
    def entry(self) -> Widget | None:
        """What gets the keyboard when the tab does: its first part that can have it."""
        return next((widget for widget in self.query("*") if widget.can_focus), None)

    def find(self, pattern: re.Pattern[str] | None) -> str:
        """Highlight what matches, or nothing; a few words on how much it is."""
        return ""

    def jump(self, step: int) -> bool:
        """Go to the next (1) or previous (-1) match; whether there is one."""
        return False

    def copied(self) -> tuple[str, str]:
        """What a copy is of, and its text."""
        return "nothing", ""

    def answered(self, purpose: str, text: str | None) -> None:
        """The answer to a question that this pane asked; None when the user left it."""


class PagePane(Pane, Generic[T]):
    """A pane made of one `PageTab`."""

    def __init__(self, bridge: EngineAccess, tab: PageTab[T]) -> None:
        super().__init__(bridge, id=tab.id)
        self.tab = tab
        self._text = TextView()
        self._container: Container | None = None
        self._snapshot: Snapshot | None = None
        self._data: T | None = None
        self._before: tuple[int, T] | None = None
        self._asked_ns = 0
        self._answered_ns = 0
        self._asking = ""
        self._error = ""
        self._opened: set[str] = set()

    def compose(self) -> ComposeResult:
        yield self._text

    @property
    def status(self) -> str:
        return self._text.page.status

    def find(self, pattern: re.Pattern[str] | None) -> str:
        return counted(self._text.search(pattern), "line")

    def jump(self, step: int) -> bool:
        return self._text.jump(step)

    def copied(self) -> tuple[str, str]:
        return f"the {self.tab.id} of {self._container.name if self._container else ''}", self._text.text

    def show(self, container: Container, snapshot: Snapshot) -> None:
        before, self._container, self._snapshot = self._container, container, snapshot
        if before is None or before.id != container.id:
            self.forget()
        elif before != container:
            self._asked_ns = 0
        self._ask()
        if self.size.width:
            self.draw()
        else:
            # Shown the moment it was mounted, a pane may be laid out without being told its size.
            self.call_after_refresh(self.draw)

    def forget(self) -> None:
        """Another container is shown from now on."""
        self._data, self._before, self._error, self._asked_ns = None, None, "", 0
        self._opened.clear()
        self._text.home()

    def hidden(self) -> None:
        self._asked_ns = 0

    def view_of(self, container: Container, snapshot: Snapshot) -> View[T]:
        """What the presenter draws from."""
        return View(
            container=container,
            limits=snapshot.limits.get(container.id, Limits()),
            sample=snapshot.samples.get(container.id),
            rates=snapshot.rates.get(container.id),
            data=self._data,
            before=self._before,
            opened=frozenset(self._opened),
            now_ns=self._answered_ns if self.tab.load and self._data is not None else snapshot.time_ns,
            width=max(self._text.scrollable_content_region.width, 20),
            height=self._text.scrollable_content_region.height,
        )

    def present(self, view: View[T]) -> Page:
        """The page for a view."""
        return self.tab.present(view)

    def draw(self) -> None:
        """Show the page again; the view redraws only lines that differ."""
        container, snapshot = self._container, self._snapshot
        if container is None or snapshot is None or not self.size.width:
            return
        page = self._page(container, snapshot)
        status = self._text.page.status
        self._text.show(page)
        if page.status != status:
            self.post_message(self.StatusChanged())

    def _page(self, container: Container, snapshot: Snapshot) -> Page:
        if self.tab.dead and not container.state.alive:
            return said(f"{container.name} is {container.state.value}: {self.tab.dead}")
        page, error = Page(()), self._error
        if not error or self._data is not None:
            try:
                page = self.present(self.view_of(container, snapshot))
            except Exception as failure:
                error = error or self.bridge.told(failure)
        return troubled(page, error) if error else page

    def _ask(self) -> None:
        container, snapshot, load = self._container, self._snapshot, self.tab.load
        if load is None or container is None or snapshot is None:
            return
        if self.tab.dead and not container.state.alive:
            return
        due = (
            self._asked_ns == 0
            or self._error
            or (self.tab.every_ns and snapshot.time_ns - self._asked_ns >= self.tab.every_ns)
        )
        # One question at a time: a slow engine is not asked faster than it answers.
        if not due or self._asking == container.id:
            return
        self._asked_ns = snapshot.time_ns
        self._asking = container.id
        self._answer(load, container.id, snapshot.time_ns)

    @work(exclusive=True)
    async def _answer(self, load: Callable[[Engine, str], T], ref: str, asked_ns: int) -> None:
        try:
            answer = await self.bridge.call(load, self.bridge.engine, ref)
        except Exception as failure:
            if self._shows(ref):
                self._error = self.bridge.told(failure)
                self.draw()
            return
        finally:
            if self._asking == ref:
                self._asking = ""
        if not self._shows(ref):
            return
        self._before = (self._answered_ns, self._data) if self._data is not None else None
        self._data, self._error = answer, ""
        self._answered_ns = asked_ns
        self.draw()

    def _shows(self, ref: str) -> bool:
        return self._container is not None and self._container.id == ref

    def on_resize(self, event: events.Resize) -> None:
        self.call_after_refresh(self.draw)

    def on_text_view_opened(self, message: TextView.Opened) -> None:
        message.stop()
        self._opened ^= {message.key}
        self.draw()
