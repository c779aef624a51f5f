"""Every action of the table does something wherever its key is heard; an action that nobody knows is no silence."""

from __future__ import annotations

from typing import Any

import pytest
from textual.binding import Binding
from textual.dom import DOMNode
from textual.pilot import Pilot

from tests.doubles.scripted.engine import ScriptedEngine
from tests.ui.kit import running, shown, until
from tuicont.actions import ACTIONS, BY_ID, Group, in_scope
from tuicont.messages import RunAction
from tuicont.screens.base import ModeScreen
from tuicont.screens.details import Details
from tuicont.screens.details.tabs import TABS
from tuicont.widgets.acting import Acting


@pytest.fixture
def engine() -> ScriptedEngine:
    return ScriptedEngine()


def heard_by(node: DOMNode) -> set[str]:
    """The actions whose keys the class of `node`, or one that it is made from, binds."""
    bound = (binding for kind in type(node).__mro__ for binding in vars(kind).get("BINDINGS", ()))
    return {
        binding.id
        for binding in bound
        if isinstance(binding, Binding) and binding.id in BY_ID and binding.action == f"run('{binding.id}')"
    }


async def every_part(pilot: Pilot[Any]) -> list[DOMNode]:
    """Every screen that has a digit, with every widget on it and every tab opened."""
    parts: list[DOMNode] = []
    for mode in [action.id for action in ACTIONS if action.group is Group.SCREENS]:
        pilot.app.switch_mode(mode)
        await until(pilot, lambda mode=mode: pilot.app.current_mode == mode)  # type: ignore[misc]
        for details in pilot.app.screen.query(Details):
            for tab in TABS:
                details.select_tab(tab.id)
                await pilot.pause()
        parts += [pilot.app.screen, *pilot.app.screen.query("*")]
    return parts


async def test_each_action_has_a_handler_in_each_of_its_scopes(engine: ScriptedEngine) -> None:
    async with running(engine, size=(120, 40)) as pilot:
        everywhere = pilot.app.handlers  # type: ignore[attr-defined]
        heard: set[str] = set()
        for part in await every_part(pilot):
            wanted = heard_by(part)
            if wanted:
                assert isinstance(part, Acting), part
                known = part.handlers.keys() | (everywhere.keys() if isinstance(part, ModeScreen) else set())
                assert wanted <= known, (part, wanted - known)
            heard |= wanted
        assert heard == set(BY_ID)


async def test_a_screen_has_what_its_help_and_palette_offer(engine: ScriptedEngine) -> None:
    async with running(engine, size=(120, 40)) as pilot:
        parts = await every_part(pilot)
        for screen in [part for part in parts if isinstance(part, ModeScreen)]:
            offered = {*screen.actions(), *(a for scope in screen.IN_FOCUS for a in in_scope(scope))}
            heard = set().union(*(heard_by(part) for part in [screen, *screen.query("*")]))
            assert {action.id for action in offered} == heard


async def test_what_is_no_action_of_a_part_raises(engine: ScriptedEngine) -> None:
    async with running(engine, size=(120, 40)) as pilot:
        for part in await every_part(pilot):
            if isinstance(part, Acting) and heard_by(part):
                with pytest.raises(KeyError):
                    part.action_run("no such action")
                if not isinstance(part, ModeScreen):
                    stranger = next(action.id for action in ACTIONS if action.id not in heard_by(part))
                    with pytest.raises(KeyError):
                        part.action_run(stranger)
        for nobody in ("no such action", "longer"):
            with pytest.raises(KeyError):
                pilot.app.on_run_action(RunAction(nobody))  # type: ignore[attr-defined]


async def test_a_slash_where_nothing_can_be_filtered_does_nothing(engine: ScriptedEngine) -> None:
    async with running(engine, size=(120, 40)) as pilot:
        await pilot.press("9")
        await shown(pilot, "overlay")
        await pilot.press("slash", "escape", "question_mark")
        await shown(pilot, "moving")
        await pilot.press("slash", "escape", "1")
        await shown(pilot, "containers ─ 5")
