"""The create form: gentle defaults, checks while typing, the command line, and what the engine is asked."""

from __future__ import annotations

from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, Select

from tests.doubles.scripted.engine import ScriptedEngine
from tests.ui.kit import called, gone, running, screen_text, shown, until
from tuicont.core.model.limits import Limits
from tuicont.core.model.request import ContainerRequest


@pytest.fixture
def engine() -> ScriptedEngine:
    return ScriptedEngine()


async def opened(pilot: Pilot[Any]) -> None:
    await pilot.press("n")
    await shown(pilot, "new container")


def set_field(pilot: Pilot[Any], field: str, value: str) -> None:
    pilot.app.screen.query_one(f"#{field}", Input).value = value


async def test_a_demo_image_comes_with_gentle_limits(engine: ScriptedEngine) -> None:
    async with running(engine) as pilot:
        await opened(pilot)
        await shown(pilot, "tuicont run -d --memory=64m --cpus=0.5 --pids-limit=64 demo")


async def test_another_image_comes_without_them(engine: ScriptedEngine) -> None:
    async with running(engine) as pilot:
        await opened(pilot)
        pilot.app.screen.query_one("#image", Select).value = "registry.local/postgres:16"
        await shown(pilot, "tuicont run -d registry.local/postgres:16")


async def test_a_workload_fills_in_the_command(engine: ScriptedEngine) -> None:
    async with running(engine) as pilot:
        await opened(pilot)
        pilot.app.screen.query_one("#workload", Select).value = "burn-cpu"
        await shown(pilot, "demo burn-cpu")


async def test_control_s_creates_starts_and_selects_it(engine: ScriptedEngine) -> None:
    async with running(engine) as pilot:
        await opened(pilot)
        await pilot.press(*"api")
        set_field(pilot, "command", "chatter --every 1")
        set_field(pilot, "mounts", "/srv:/data:ro")
        await pilot.press("ctrl+s")
        await called(pilot, "start", "api")
        request = engine.calls[0][1]
        assert isinstance(request, ContainerRequest)
        assert (request.name, request.command) == ("api", ("chatter", "--every", "1"))
        assert request.limits == Limits(memory=64 << 20, cpus=0.5, pids=64)
        await until(pilot, lambda: pilot.app.screen.selected.name == "api")  # type: ignore[attr-defined]


async def test_control_o_only_creates(engine: ScriptedEngine) -> None:
    async with running(engine) as pilot:
        await opened(pilot)
        await pilot.press(*"api", "ctrl+o")
        await called(pilot, "create")
        await shown(pilot, "containers ─ 6")
        assert [call[0] for call in engine.calls] == ["create"]


async def test_what_the_engine_would_refuse_stands_beside_its_field_as_one_types(engine: ScriptedEngine) -> None:
    async with running(engine) as pilot:
        await opened(pilot)
        await pilot.press(*"web-1")
        await shown(pilot, "web-1 is in use")
        await pilot.press("ctrl+s")
        await shown(pilot, "web-1 is in use")
        assert engine.calls == []


async def test_what_does_not_read_is_said_at_once(engine: ScriptedEngine) -> None:
    async with running(engine) as pilot:
        await opened(pilot)
        set_field(pilot, "memory", "much")
        await shown(pilot, "is not a size")


async def test_the_command_line_can_be_copied(engine: ScriptedEngine) -> None:
    async with running(engine) as pilot:
        await opened(pilot)
        await pilot.press(*"api", "ctrl+y")
        assert pilot.app.clipboard.startswith("tuicont run -d --name=api --memory=64m")


async def test_escape_leaves_without_creating(engine: ScriptedEngine) -> None:
    async with running(engine) as pilot:
        await opened(pilot)
        await pilot.press(*"api", "escape")
        await gone(pilot, "new container")
        assert engine.calls == []


async def test_it_can_be_reached_to_its_end_at_80_by_24(engine: ScriptedEngine) -> None:
    async with running(engine) as pilot:
        await opened(pilot)
        pilot.app.screen.query_one("#create-start").focus()
        await shown(pilot, "create and start")
        assert "remove when it ends" in screen_text(pilot)
