"""The Engine screen: drivers with their reasons, the kernel, storage use, configuration."""

from __future__ import annotations

from collections.abc import Mapping

from textual import events
from textual.app import ComposeResult

from tuicont.actions import Scope
from tuicont.core.engine.api import Engine
from tuicont.core.model.host import HostUsage
from tuicont.core.model.probe import EngineInfo, Probe
from tuicont.engine_access import EngineAccess
from tuicont.presenters.engine import lines
from tuicont.screens.base import ModeScreen
from tuicont.widgets.pager import Pager

Known = tuple[EngineInfo, HostUsage, tuple[Probe, ...], tuple[tuple[str, str, str], ...]]
"""All that the screen asks for."""


def _known(engine: Engine) -> Known:
    host = engine.host
    return host.info(), host.usage(), host.doctor(), host.config()


class EngineScreen(ModeScreen):
    """`9`: what the engine can do here, and why not."""

    MODE = "engine"
    SCOPES = (Scope.LINES,)

    def __init__(self, bridge: EngineAccess, keys: Mapping[str, str], config_file: str) -> None:
        super().__init__(bridge, keys)
        self._config_file = config_file
        self._known: Known | None = None

    def body(self) -> ComposeResult:
        pager = Pager(id="engine", empty="\n  asking the kernel …")
        pager.border_title = "engine"
        yield pager

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one(Pager).focus()

    def on_screen_resume(self, event: events.ScreenResume) -> None:
        super().on_screen_resume(event)
        self.ask("the engine", _known, self._take)

    def _take(self, known: Known) -> None:
        self._known = known
        self._draw()

    def show_trouble(self, text: str) -> None:
        if text:
            self.query_one(Pager).set_empty(text)

    def on_resize(self, event: events.Resize) -> None:
        """Break the lines anew."""
        self._draw()

    def _draw(self) -> None:
        if self._known is not None:
            own = (self._config_file, self.app.theme)
            self.query_one(Pager).show(lines(*self._known, own, max(self.size.width - 2, 40)))
