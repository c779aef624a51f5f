"""What every screen has: the strip above, the keys below, and the gate through which actions go.

Knows the action table and how to refuse; a subclass says what its actions do and what they apply to. What a screen does
not do itself is the application's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar, TypeVar

from textual import events, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.geometry import Size
from textual.screen import Screen
from textual.timer import Timer

from tuicont.actions import ACTIONS, BY_ID, Action, Group, Scope, Situation, in_scope
from tuicont.core.engine.api import Engine
from tuicont.core.model.event import Event
from tuicont.core.model.snapshot import Snapshot
from tuicont.engine_access import EngineAccess
from tuicont.keys import shown_key
from tuicont.messages import SAMPLES, RunAction
from tuicont.text.units import plain
from tuicont.widgets.acting import Acting, Handlers, bindings_for
from tuicont.widgets.action_bar import ActionBar, Key
from tuicont.widgets.guarded import Guarded
from tuicont.widgets.mode_strip import ModeStrip

T = TypeVar("T")

_AGAIN_S = 1.0
"""Seconds after which the engine is asked again for what it did not tell."""


class ModeScreen(Acting, Guarded, Screen[None]):
    """A screen with a digit of its own. `SCOPES` are those of its actions, beside what is heard everywhere, and
    `IN_FOCUS` those that parts of it hear when they have the focus."""

    MODE = ""
    SCOPES: tuple[Scope, ...] = ()
    IN_FOCUS: tuple[Scope, ...] = ()
    BINDINGS: ClassVar[list[BindingType]] = bindings_for(Scope.EVERYWHERE)

    def __init__(self, bridge: EngineAccess, keys: Mapping[str, str]) -> None:
        super().__init__()
        self.bridge = bridge
        self._keys = keys
        self._seen = False
        self.note = ""
        self._troubles: dict[str, str] = {}
        self._again: Timer | None = None
        self.handlers: Handlers = {"back": self.back}

    # what a subclass says

    def body(self) -> ComposeResult:
        """The widgets between strip and keys."""
        yield from ()

    def situation(self) -> Situation:
        """What an action would apply to now."""
        return Situation(read_only=self.bridge.read_only)

    def back(self) -> None:
        """Leave what was opened last; here that is nothing."""

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """A new snapshot is there."""

    def engine_opened(self) -> None:
        """The engine can be asked from now on."""

    def show_events(self, events: tuple[Event, ...]) -> None:
        """New events are there."""

    # what all have

    def compose(self) -> ComposeResult:
        self._fit(self.app.size)
        modes = tuple(
            (action.id, self.shown_keys(action.id), action.label)
            for action in in_scope(Scope.EVERYWHERE)
            if action.group is Group.SCREENS
        )
        yield ModeStrip(modes, self.MODE, self._standing_note())
        yield from self.body()
        yield ActionBar()

    def _fit(self, size: Size) -> None:
        """Have the classes of the breakpoints from the first picture on: Textual gives them when a screen was drawn
        once, and then all of it is styled and laid out again."""
        for length, breakpoints in (
            (size.width, self.HORIZONTAL_BREAKPOINTS),
            (size.height, self.VERTICAL_BREAKPOINTS),
        ):
            for least, name in sorted(breakpoints or (), reverse=True):
                if length >= least:
                    self.add_class(name, update=False)
                    break

    def shown_keys(self, action_id: str) -> str:
        """The first key of an action as it is shown."""
        return shown_key(self._keys[action_id].split(",")[0])

    def _standing_note(self) -> str:
        return self.note or self.note_of_trouble or ("read-only" if self.bridge.read_only else "")

    @property
    def note_of_trouble(self) -> str:
        """What stands in the way of what is new, in one line."""
        return next(iter(self._troubles.values()), "").partition("\n")[0]

    def set_note(self, note: str) -> None:
        """Say in the strip what is going on in the background; empty when that is over."""
        self.note = plain(note)
        self._show_note()

    def set_trouble(self, feed: str, text: str) -> None:
        """Say for as long as it lasts why what `feed` brings is old, or not there; empty when it comes again."""
        if text != self._troubles.get(feed, ""):
            self._troubles[feed] = text
            self._troubles = {name: said for name, said in self._troubles.items() if said}
            self._show_note()
            first = next(iter(self._troubles.values()), "")
            if self.is_mounted:
                self.show_trouble("".join(f"\n  {line}" for line in first.split("\n")) if first else "")

    def show_trouble(self, text: str) -> None:
        """Say it also in the place of what is not there; empty when nothing stands in the way any more."""

    def _show_note(self) -> None:
        for strip in self.query(ModeStrip):
            strip.set_note(self._standing_note())

    def attempt(self, feed: str, turn: Callable[[], object]) -> None:
        """Show what `feed` has brought; when that fails, what is shown stays, with the reason, until it succeeds."""
        shown = f"{feed} on the screen"  # the feed's own troubles do not end with it
        try:
            turn()
        except Exception as error:
            self.set_trouble(shown, self.bridge.told(error))
        else:
            self.set_trouble(shown, "")

    @work(exclusive=True, group="opening")
    async def ask(self, feed: str, question: Callable[[Engine], T], take: Callable[[T], object]) -> None:
        """Ask the engine in the background for what `take` then shows, and again until there is an answer that it can
        show."""
        if self._again is not None:
            self._again.stop()
        try:
            take(await self.bridge.call(question, self.bridge.engine))
        except Exception as error:
            self.set_trouble(feed, self.bridge.told(error))
            self._again = self.set_timer(_AGAIN_S, lambda: self.ask(feed, question, take))
        else:
            self.set_trouble(feed, "")

    def on_mount(self) -> None:
        """Show the keys."""
        self.update_keys()

    def on_screen_resume(self, event: events.ScreenResume) -> None:
        """Catch up with what happened while another screen was shown."""
        if not self._seen:
            self._seen = True
            event.refresh_styles = False  # all of it was styled a moment ago, when it was mounted
        snapshot = self.bridge.snapshot
        if snapshot is not None:
            self.attempt(SAMPLES, lambda: self.show_snapshot(snapshot))

    def update_keys(self) -> None:
        """Grey what the situation refuses."""
        situation = self.situation()
        shown = []
        for action in self.actions():
            if action.weight and self._keys[action.id]:
                enabled = not action.refused(situation)
                shown.append(Key(action.id, self.shown_keys(action.id), action.label, enabled, action.weight))
        for bar in self.query(ActionBar):
            bar.show(tuple(shown))

    def actions(self) -> tuple[Action, ...]:
        """The actions that can be had here, in the table's order."""
        scopes = (*self.SCOPES, Scope.EVERYWHERE)
        return tuple(a for a in ACTIONS if a.scope in scopes and not (a.changes and self.bridge.read_only))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """With `--read-only` an action that changes something does not exist."""
        if action == "run" and self.bridge.read_only and parameters:
            known = BY_ID.get(str(parameters[0]))
            return not (known is not None and known.changes)
        return True

    def on_run_action(self, message: RunAction) -> None:
        """A click, the palette or a pane wants an action."""
        message.stop()
        self.action_run(message.action_id)

    def action_run(self, action_id: str) -> None:
        """Do it, have the application do it, or say why not. Raises `KeyError` for what is no action."""
        action = BY_ID[action_id]
        if action.changes and self.bridge.read_only:
            self.notify("this tuicont only reads: it was started with --read-only", severity="warning")
            return
        reason = action.refused(self.situation())
        if reason:
            self.notify(reason, severity="warning", timeout=4)
            return
        if action_id in self.handlers:
            super().action_run(action_id)
        else:
            self.app.post_message(RunAction(action_id))
