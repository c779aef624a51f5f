"""The TUI's composition root: modes, themes, what is global; nothing about containers.

`run` runs it on an engine that is being opened, and says at the end what goes on running.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import ClassVar

from textual import events, work
from textual.app import App
from textual.binding import BindingType
from textual.filter import LineFilter, NoColor
from textual.notifications import SeverityLevel
from textual.theme import Theme
from textual.worker import WorkerFailed

from tuicont import config as configuration
from tuicont.bridge import Bridge
from tuicont.messages import (
    EVENTS,
    SAMPLES,
    EngineFailed,
    EngineOpened,
    EventsArrived,
    Failed,
    FeedTold,
    OpenContainer,
    RunAction,
    SnapshotReady,
)
from tuicont.opening import Opening
from tuicont.presenters.sentences import leaving_text
from tuicont.resources import read_text
from tuicont.screens.base import ModeScreen
from tuicont.screens.containers import ContainersScreen
from tuicont.screens.too_small import TooSmall, too_small
from tuicont.text.units import visible
from tuicont.themes import themes
from tuicont.widgets.acting import Acting, Handlers
from tuicont.widgets.guarded import Guarded
from tuicont.widgets.tones import COMPONENTS

_NO_COLOR = NoColor()


class TuicontApp(Acting, Guarded, App[int], inherit_bindings=False):
    """Holds the modes, which hold everything else."""

    TITLE = "tuicont"
    CSS = read_text("tuicont.tcss")
    COMPONENT_CLASSES = COMPONENTS
    BINDINGS: ClassVar[list[BindingType]] = []
    ENABLE_COMMAND_PALETTE = False
    DEFAULT_MODE = "containers"

    def __init__(self, bridge: Bridge, config: configuration.Config) -> None:
        super().__init__()
        self.bridge = bridge
        self.config = config
        self.failure: BaseException | None = None
        for name, colours in themes().items():
            self.register_theme(Theme(name=name, **colours))
        self._begin_with(config.theme)
        self.set_keymap(config.keys)
        # Given here and not as MODES: screens are made with the bridge.
        self._opened: list[ModeScreen] = []
        self._troubles: dict[str, str] = {}
        self.add_mode("events", self._events_screen)
        self.add_mode("engine", self._engine_screen)
        self.handlers: Handlers = {
            "containers": lambda: self.switch_mode("containers"),
            "events": lambda: self.switch_mode("events"),
            "engine": lambda: self.switch_mode("engine"),
            "next_pane": lambda: self.screen.focus_next(),
            "previous_pane": lambda: self.screen.focus_previous(),
            "theme": self._next_theme,
            "palette": self._palette,
            "help": self._help,
            "quit": self.action_leave,
        }

    def _begin_with(self, name: str) -> None:
        """The first theme. Set as later ones are, it would have every style sheet parsed and every widget styled once
        more, when all is on the screen. One that is light is: Textual has more to do for it."""
        if not self.available_themes[name].dark:
            self.theme = name
            return
        self.set_reactive(App.theme, name)
        self.add_class(f"-theme-{name}", update=False)
        self.stylesheet.set_variables(self.get_css_variables())

    def get_default_screen(self) -> ModeScreen:
        """The first screen. Textual puts it on the stack before its widgets are mounted; the screen of a mode that it
        knows comes after them where tasks run eagerly (Python 3.12), and what asks for the current screen fails."""
        return self._open(ContainersScreen(self.bridge, self.config.keys, self.config.sort))

    def _open(self, screen: ModeScreen) -> ModeScreen:
        self._opened.append(screen)
        for feed, text in self._troubles.items():
            screen.set_trouble(feed, text)
        return screen

    def _events_screen(self) -> ModeScreen:
        from tuicont.screens.events import EventsScreen

        return self._open(EventsScreen(self.bridge, self.config.keys))

    def _engine_screen(self) -> ModeScreen:
        from tuicont.screens.engine import EngineScreen

        return self._open(EngineScreen(self.bridge, self.config.keys, self.config.file))

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = True,
    ) -> None:
        """A toast. Its text holds names that others chose, and errors: nothing in it is markup, whoever asks for it."""
        super().notify(visible(message), title=title, severity=severity, timeout=timeout, markup=False)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """With NO_COLOR no colour at all; Textual's own way is shades of grey."""
        return [_NO_COLOR] if self.no_color else super().get_line_filters()

    def on_mount(self) -> None:
        """Begin to sample, once the first picture is drawn: it has what is known by then."""
        self.add_mode(self.DEFAULT_MODE, self.get_default_screen)  # not before: see there
        self.call_after_refresh(self.bridge.start, self)

    def on_unmount(self) -> None:
        """Stop sampling."""
        self.bridge.close()

    # what arrives

    @property
    def mode_screen(self) -> ModeScreen | None:
        """The screen of the current mode, below any dialog."""
        bottom = self.screen_stack[0] if self.screen_stack else None
        return bottom if isinstance(bottom, ModeScreen) else None

    def on_snapshot_ready(self, message: SnapshotReady) -> None:
        """Show it on the screen that is seen; the others catch up when they are."""
        screen = self.mode_screen
        if screen is not None and screen.is_mounted:
            screen.attempt(SAMPLES, lambda: screen.show_snapshot(message.snapshot))

    def on_events_arrived(self, message: EventsArrived) -> None:
        """Every screen that was opened keeps its own events."""
        for screen in self._opened:
            if screen.is_mounted:
                screen.attempt(EVENTS, lambda screen=screen: screen.show_events(message.events))  # type: ignore[misc]

    def on_engine_opened(self, message: EngineOpened) -> None:
        """Say what reconciling found."""
        for screen in self._opened:
            screen.engine_opened()
        self._tell_notes()

    @work(group="opening")
    async def _tell_notes(self) -> None:
        for note in (await self.bridge.call(self.bridge.engine.host.info)).notes:
            self.notify(note, timeout=8)

    # what fails

    def on_engine_failed(self, message: EngineFailed) -> None:
        """Without an engine there is nothing to show."""
        self.failure = message.error
        # Not before the screen is there: what it mounts would come too late.
        self.call_after_refresh(self.exit)

    def on_feed_told(self, message: FeedTold) -> None:
        """What is shown stays, and says that it is old."""
        text = self.bridge.told(message.error) if message.error is not None else ""
        self._troubles[message.feed] = text
        for screen in self._opened:
            screen.set_trouble(message.feed, text)
        if message.error is not None:
            self.bridge.report(message.error)

    def on_failed(self, message: Failed) -> None:
        """Say it, once the application can; before there is a picture, nothing but the end is left."""
        if self.bridge.started:
            self.bridge.report(message.error, again=message.asked)
        else:
            super()._handle_exception(message.error)

    def _handle_exception(self, error: Exception) -> None:
        # Where Textual brings what no worker, timer or callback caught, to end the application with it.
        cause = error.error if isinstance(error, WorkerFailed) else error
        if self.bridge.started and isinstance(cause, Exception):
            self.post_message(Failed(cause))
        else:
            super()._handle_exception(error)

    def on_open_container(self, message: OpenContainer) -> None:
        """Go to the Containers screen and select it."""
        self.switch_mode("containers")
        screen = self.mode_screen
        if isinstance(screen, ContainersScreen):
            screen.select(message.container_id, message.tab)

    def on_resize(self, event: events.Resize) -> None:
        """Cover the screens while they do not fit."""
        cover = self.screen if isinstance(self.screen, TooSmall) else None
        if too_small(event.size):
            if cover is None:
                cover = TooSmall()
                self.push_screen(cover)
            self.call_after_refresh(cover.show_size, event.size)
        elif cover is not None:
            self.pop_screen()

    # global actions

    def on_run_action(self, message: RunAction) -> None:
        """An action that the screen does not have itself."""
        self.action_run(message.action_id)

    def _next_theme(self) -> None:
        names = list(themes())
        self.theme = names[(names.index(self.theme) + 1) % len(names)] if self.theme in names else names[0]
        self.notify(f"theme: {self.theme}", timeout=2)

    def _palette(self) -> None:
        from textual.command import CommandPalette

        from tuicont.screens.palette import ActionCommands

        self.push_screen(CommandPalette(providers=[ActionCommands], placeholder="what to do?"))

    def _help(self) -> None:
        from tuicont.screens.help import HelpScreen

        screen = self.mode_screen
        if screen is not None:
            self.push_screen(HelpScreen(screen, self.config.keys))

    def action_leave(self) -> None:
        """Quit at once."""
        self.exit(0)


def run(opening: Opening, settings: configuration.Config, *, read_only: bool = False) -> int:
    """Run the TUI on an engine that is being opened; the program's exit code. Raises what opening it raised."""
    bridge = Bridge(opening, interval=settings.interval, read_only=read_only or settings.read_only)
    app = TuicontApp(bridge, settings)
    code = app.run()
    for fault in bridge.faults.values():
        sys.stderr.write(fault)
    if app.failure is not None:
        raise app.failure
    if bridge.snapshot is not None:
        sys.stdout.write(leaving_text(bridge.snapshot))
    return code if code is not None else app.return_code or 0
