"""Pictures of the frame's screens, compared with those that were looked at and found good.

`pytest tests/ui/test_snapshots.py --snapshot-update` takes them anew: look at each before committing it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.doubles.scripted.engine import ScriptedEngine
from tests.ui.kit import Still, shown, until
from tuicont.config import Config

SIZES = [(80, 24), (120, 40)]
Compare = Callable[..., bool]


def keys(*pressed: str, wait_for: str = "") -> Callable[[Pilot[Any]], Awaitable[None]]:
    """Press these once the first snapshot is there, then wait for a text."""

    async def before(pilot: Pilot[Any]) -> None:
        await shown(pilot, "containers ─ 5")
        await shown(pilot, "own namespace, loopback only")
        await pilot.press(*pressed)
        if wait_for:
            await shown(pilot, wait_for)
        await until(pilot, lambda: not pilot.app.screen.workers or all(w.is_finished for w in pilot.app.workers))

    return before


SCREENS = {
    "containers": keys(),
    "containers_marked": keys("g", "space", "space", "j", wait_for="2 marked"),
    "containers_filtered": keys("slash", *"web", wait_for="1 of 5"),
    "create": keys("n", wait_for="tuicont run -d"),
    "kill": keys("K", wait_for="SIGWINCH"),
    "remove": keys("d", wait_for="kills 7 processes"),
    "limits": keys("L", wait_for="now 64m"),
    "help": keys("question_mark", wait_for="life of a container"),
    "events": keys("6", wait_for="killed by the OOM killer"),
    "engine": keys("9", wait_for="version"),
}


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40"])
@pytest.mark.parametrize("screen", SCREENS)
def test_screen(snap_compare: Compare, screen: str, size: tuple[int, int]) -> None:
    assert snap_compare(Still(ScriptedEngine()), terminal_size=size, run_before=SCREENS[screen])


@pytest.mark.parametrize("theme", ["light", "high-contrast", "colour-blind"])
def test_theme(snap_compare: Compare, theme: str) -> None:
    app = Still(ScriptedEngine(), Config(theme=theme))
    assert snap_compare(app, terminal_size=(80, 24), run_before=keys())


def test_an_empty_list(snap_compare: Compare) -> None:
    async def before(pilot: Pilot[Any]) -> None:
        await shown(pilot, "press n to make the first one")

    assert snap_compare(Still(ScriptedEngine(0)), terminal_size=(80, 24), run_before=before)


def test_a_wide_terminal(snap_compare: Compare) -> None:
    assert snap_compare(Still(ScriptedEngine()), terminal_size=(160, 48), run_before=keys())
