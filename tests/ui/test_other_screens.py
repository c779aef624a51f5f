"""Events, Engine, help, palette, and what is global: themes, read-only, small terminals, leaving."""

from __future__ import annotations

import pytest

from tests.doubles.scripted.engine import ScriptedEngine
from tests.ui.kit import gone, running, screen_text, shown, until
from tuicont.config import Config
from tuicont.core.model.snapshot import Snapshot
from tuicont.keys import PRESETS, resolve_keys
from tuicont.presenters.sentences import leaving_text
from tuicont.themes import themes


@pytest.fixture
def engine() -> ScriptedEngine:
    return ScriptedEngine()


async def test_events_shows_what_happened_and_what_happens(engine: ScriptedEngine) -> None:
    async with running(engine) as pilot:
        await pilot.press("6")
        await shown(pilot, "killed by the OOM killer")
        engine.tasks.pause("web-1")
        await until(pilot, lambda: "❄ web-1" in screen_text(pilot))
        assert "following ●" in screen_text(pilot)


async def test_events_are_filtered(engine: ScriptedEngine) -> None:
    async with running(engine) as pilot:
        await pilot.press("6")
        await shown(pilot, "killed by the OOM killer")
        await pilot.press("slash", *"eater", "enter")
        await gone(pilot, "web-1")
        await shown(pilot, "exited 137")


async def test_moving_up_stops_following_and_the_end_goes_on(engine: ScriptedEngine) -> None:
    async with running(engine) as pilot:
        await pilot.press("6")
        await shown(pilot, "following ●")
        await pilot.press("k")
        await gone(pilot, "following ●")
        await pilot.press("G")
        await shown(pilot, "following ●")


async def test_enter_on_an_event_goes_to_its_container(engine: ScriptedEngine) -> None:
    async with running(engine) as pilot:
        await pilot.press("6")
        await shown(pilot, "killed by the OOM killer")
        await pilot.press("slash", *"oom", "enter", "enter")
        await shown(pilot, "containers ─ 5")
        assert pilot.app.screen.selected.name == "eater"  # type: ignore[attr-defined]


async def test_engine_says_what_works_and_why_not(engine: ScriptedEngine) -> None:
    async with running(engine, size=(120, 40)) as pilot:
        await pilot.press("9")
        await shown(pilot, "/var/lib/tuicont is on ext4, not btrfs")
        assert "✓ overlay" in screen_text(pilot)
        assert "50.3 MB" in screen_text(pilot)


async def test_the_place_on_each_screen_is_kept(engine: ScriptedEngine) -> None:
    async with running(engine) as pilot:
        await pilot.press("G", "9", "1")
        await shown(pilot, "containers ─ 5")
        assert pilot.app.screen.selected.name == "worker"  # type: ignore[attr-defined]


async def test_help_lists_the_keys_and_says_why_one_is_refused(engine: ScriptedEngine) -> None:
    async with running(engine, size=(120, 40)) as pilot:
        await pilot.press("question_mark")
        await shown(pilot, "life of a container")
        assert "not now: cannot exec db: it is paused, not running" in screen_text(pilot)
        await pilot.press("escape")
        await gone(pilot, "life of a container")


@pytest.mark.parametrize("key", ["ctrl+p", "colon"])
async def test_the_palette_finds_an_action_and_does_it(engine: ScriptedEngine, key: str) -> None:
    async with running(engine) as pilot:
        await pilot.press("G", key)
        await shown(pilot, "what to do?")
        await pilot.press(*"freez")
        await shown(pilot, "freeze every process")
        await until(pilot, lambda: "freeze  f" in screen_text(pilot))
        await pilot.press("enter")
        await until(pilot, lambda: engine.calls == [("pause", "worker")])


async def test_read_only_has_no_key_that_changes_anything(engine: ScriptedEngine) -> None:
    async with running(engine, read_only=True) as pilot:
        assert "read-only" in screen_text(pilot).split("\n")[0]
        assert "freeze" not in screen_text(pilot).split("\n")[-1]
        await pilot.press("G", "n", "f", "s", "r", "L", "R", "e", "d")
        await pilot.pause()
        assert len(pilot.app.screen_stack) == 1
        assert engine.calls == []


async def test_a_terminal_that_is_too_small_says_so_and_recovers(engine: ScriptedEngine) -> None:
    async with running(engine) as pilot:
        await pilot.resize_terminal(70, 20)
        await shown(pilot, "terminal too small (70×20):")
        assert "tuicont needs 80×23" in screen_text(pilot)
        await pilot.resize_terminal(75, 22)
        await shown(pilot, "(75×22)")
        await pilot.resize_terminal(80, 24)
        await shown(pilot, "containers ─ 5")


@pytest.mark.parametrize("theme", themes())
async def test_every_theme_has_every_tone(engine: ScriptedEngine, theme: str) -> None:
    async with running(engine, Config(theme=theme)) as pilot:
        assert pilot.app.theme == theme
        assert "containers ─ 5" in screen_text(pilot)


async def test_the_theme_key_goes_through_them(engine: ScriptedEngine) -> None:
    async with running(engine) as pilot:
        await pilot.press("ctrl+t")
        assert pilot.app.theme == "light"


async def test_without_colours_the_selected_row_is_still_marked(
    engine: ScriptedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with running(engine) as pilot:
        assert "▸ db" in screen_text(pilot)
        strips = pilot.app.screen._compositor.render_strips()
        styles = [segment.style for line in strips for segment in line if segment.style]
        assert all(color is None or color.is_default for style in styles for color in (style.color, style.bgcolor))
        assert any(style.reverse for style in styles)


@pytest.mark.parametrize("preset", PRESETS)
async def test_every_preset_s_keys_reach_their_actions(engine: ScriptedEngine, preset: str) -> None:
    keys = resolve_keys(preset, {})
    async with running(engine, Config(keys=keys)) as pilot:
        await pilot.press("G", keys["freeze"].split(",")[0])
        await until(pilot, lambda: engine.calls == [("pause", "worker")])
        await pilot.press(keys["remove"].split(",")[0])
        await shown(pilot, "remove worker?")


@pytest.mark.parametrize("key", ["q", "ctrl+q"])
async def test_quitting_is_immediate(engine: ScriptedEngine, key: str) -> None:
    async with running(engine) as pilot:
        await pilot.press(key)
        await pilot.pause()
        assert pilot.app._exit
        assert pilot.app.return_value == 0


def test_leaving_says_how_many_go_on_running(engine: ScriptedEngine) -> None:
    assert leaving_text(engine.metrics.snapshot()) == "3 containers go on running (1 frozen); tuicont ps lists them\n"
    assert (
        leaving_text(Snapshot(time_ns=0, containers=(), limits={}, samples={}, rates={}, recent={}))
        == "no container is running\n"
    )
