"""The command palette's entries: every action of the screen below, the themes, and a picture of the screen."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from tuicont.actions import Group
from tuicont.screens.base import ModeScreen
from tuicont.themes import themes

_HIDDEN_GROUPS = (Group.MOVE, Group.DETAILS)


class ActionCommands(Provider):
    """Finds actions by their words, and says at once which are refused and why."""

    def _entries(self) -> Iterator[tuple[str, str, object]]:
        screen = self.screen
        if not isinstance(screen, ModeScreen):
            return
        situation = screen.situation()
        for action in screen.actions():
            if action.group in _HIDDEN_GROUPS or action.id == "palette":
                continue
            reason = action.refused(situation)
            text = f"{action.label}  {screen.shown_keys(action.id)}"
            yield text, f"not now: {reason}" if reason else action.tooltip, partial(screen.action_run, action.id)
        for theme in themes():
            yield f"theme {theme}", "change the colours", partial(setattr, self.app, "theme", theme)
        yield "picture", "save a picture of this screen (SVG) in the working directory", self._picture

    def _picture(self) -> None:
        path = self.app.save_screenshot()
        self.app.notify(f"saved {path}")

    async def discover(self) -> Hits:
        for text, help_text, run in self._entries():
            yield DiscoveryHit(text, run, text=text, help=help_text)  # type: ignore[arg-type]

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for text, help_text, run in self._entries():
            score = max(matcher.match(text), 0.8 * matcher.match(help_text))
            if score > 0:
                yield Hit(score, Content(text), run, text=text, help=help_text)  # type: ignore[arg-type]
