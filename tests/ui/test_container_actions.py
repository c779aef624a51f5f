"""Every key that does something to a container: the engine is asked, and the screen shows what came of it."""

from __future__ import annotations

import pytest

from tests.doubles.scripted.engine import ScriptedEngine
from tests.ui.kit import called, gone, row_of, running, screen_text, select, shown, until
from tuicont.core.errors import KernelError
from tuicont.core.model.limits import Limits
from tuicont.core.model.state import State


@pytest.fixture
def engine() -> ScriptedEngine:
    return ScriptedEngine()


async def test_start_starts_what_was_created(engine: ScriptedEngine) -> None:
    async with running(engine) as pilot:
        await select(pilot, "fresh")
        await pilot.press("u")
        await called(pilot, "start", "fresh")
        await until(pilot, lambda: "● running" in row_of(pilot, "fresh"))


async def test_freeze_freezes_what_runs_and_thaws_what_is_frozen(engine: ScriptedEngine) -> None:
    async with running(engine) as pilot:
        await select(pilot, "web-1")
        await pilot.press("f")
        await until(pilot, lambda: "❄ frozen" in row_of(pilot, "web-1"))
        await pilot.press("f")
        await until(pilot, lambda: "● running" in row_of(pilot, "web-1"))
        assert engine.calls == [("pause", "web-1"), ("unpause", "web-1")]


async def test_stop_ends_it_with_its_exit_code(engine: ScriptedEngine) -> None:
    async with running(engine) as pilot:
        await select(pilot, "web-1")
        await pilot.press("s")
        await called(pilot, "stop", "web-1")
        await until(pilot, lambda: "✖ exit 143" in row_of(pilot, "web-1"))


async def test_restart_runs_it_again(engine: ScriptedEngine) -> None:
    async with running(engine) as pilot:
        await select(pilot, "eater")
        await pilot.press("r")
        await called(pilot, "restart", "eater")
        await until(pilot, lambda: "● running" in row_of(pilot, "eater"))


async def test_kill_asks_for_the_signal_and_proposes_sigkill(engine: ScriptedEngine) -> None:
    async with running(engine) as pilot:
        await select(pilot, "worker")
        await pilot.press("K")
        await shown(pilot, "send a signal to worker")
        await pilot.press("enter")
        await called(pilot, "kill", "worker", "SIGKILL")
        await until(pilot, lambda: "✖ exit 137" in row_of(pilot, "worker"))


async def test_kill_goes_to_the_signal_whose_letter_is_typed(engine: ScriptedEngine) -> None:
    async with running(engine) as pilot:
        await select(pilot, "worker")
        await pilot.press("K")
        await shown(pilot, "send a signal to worker")
        await pilot.press("h", "enter")
        await called(pilot, "kill", "worker", "SIGHUP")
        assert engine.containers.get("worker").state is State.RUNNING


async def test_remove_says_what_is_lost_before_it_does_it(engine: ScriptedEngine) -> None:
    async with running(engine) as pilot:
        await select(pilot, "web-1")
        await pilot.press("d")
        await shown(pilot, "kills 7 processes; 12.6 MB of changes in 3 files are lost")
        assert engine.calls == []
        await pilot.press("y")
        await called(pilot, "remove", "web-1", True)
        await gone(pilot, "web-1 ")


@pytest.mark.parametrize("key", ["n", "escape", "enter"])
async def test_remove_keeps_it_unless_the_answer_is_yes(engine: ScriptedEngine, key: str) -> None:
    async with running(engine) as pilot:
        await select(pilot, "web-1")
        await pilot.press("d")
        await shown(pilot, "kills 7 processes")
        await pilot.press(key)
        await gone(pilot, "kills 7 processes")
        assert engine.calls == []


async def test_remove_does_not_force_what_has_ended(engine: ScriptedEngine) -> None:
    async with running(engine) as pilot:
        await select(pilot, "eater")
        await pilot.press("d")
        await shown(pilot, "12.6 MB of changes")
        await pilot.press("y")
        await called(pilot, "remove", "eater", False)


async def test_rename_gives_the_new_name(engine: ScriptedEngine) -> None:
    async with running(engine) as pilot:
        await select(pilot, "worker")
        await pilot.press("R")
        await shown(pilot, "rename worker")
        await pilot.press(*["backspace"] * 6, *"clerk", "enter")
        await called(pilot, "rename", "worker", "clerk")
        await shown(pilot, "clerk")


async def test_limits_sends_only_what_was_changed(engine: ScriptedEngine) -> None:
    async with running(engine) as pilot:
        await select(pilot, "web-1")
        await pilot.press("L")
        await shown(pilot, "limits of web-1")
        await pilot.press(*"128m", "enter")
        await called(pilot, "update", "web-1", Limits(memory=128 << 20))
        await until(pilot, lambda: "128M" in row_of(pilot, "web-1"))


async def test_limits_says_what_does_not_read_and_stays(engine: ScriptedEngine) -> None:
    async with running(engine) as pilot:
        await select(pilot, "web-1")
        await pilot.press("L")
        await shown(pilot, "limits of web-1")
        await pilot.press(*"much", "enter")
        await shown(pilot, "memory: 'much' is not a size")
        assert engine.calls == []


async def test_copy_id_puts_the_id_on_the_clipboard(engine: ScriptedEngine) -> None:
    async with running(engine) as pilot:
        await select(pilot, "web-1")
        await pilot.press("y")
        assert pilot.app.clipboard == engine.containers.get("web-1").id


async def test_load_image_asks_for_a_path_and_loads_it(engine: ScriptedEngine) -> None:
    async with running(engine) as pilot:
        await pilot.press("I")
        await shown(pilot, "a Docker archive or an OCI layout")
        await pilot.press(*"/tmp/x.tar", "enter")
        await called(pilot, "load_image", "/tmp/x.tar")
        await shown(pilot, "loaded demo:latest")


async def test_shell_asks_the_engine_for_one_inside(engine: ScriptedEngine) -> None:
    async with running(engine) as pilot:
        await select(pilot, "web-1")
        await pilot.press("e")
        await called(pilot, "exec", "web-1")


async def test_attach_joins_its_terminal(engine: ScriptedEngine) -> None:
    async with running(engine) as pilot:
        await select(pilot, "worker")
        await pilot.press("a")
        await called(pilot, "attach", "worker")


@pytest.mark.parametrize(
    ("name", "key", "reason"),
    [
        ("web-1", "u", "it is running"),
        ("fresh", "s", "it is created"),
        ("fresh", "f", "it is created"),
        ("eater", "K", "it is exited"),
        ("db", "e", "it is paused"),
    ],
)
async def test_a_key_that_the_state_refuses_says_why_and_asks_nothing(
    engine: ScriptedEngine, name: str, key: str, reason: str
) -> None:
    async with running(engine) as pilot:
        await select(pilot, name)
        await pilot.press(key)
        await shown(pilot, reason)
        assert engine.calls == []


async def test_actions_go_to_all_that_are_marked(engine: ScriptedEngine) -> None:
    async with running(engine) as pilot:
        await pilot.press("g", "asterisk")
        await shown(pilot, "5 marked")
        await pilot.press("s")
        await until(pilot, lambda: len(engine.calls) == 3)
        assert {call[1] for call in engine.calls} == {"web-1", "worker", "db"}


async def test_removing_the_marked_ones_adds_up_what_is_lost(engine: ScriptedEngine) -> None:
    async with running(engine) as pilot:
        await pilot.press("g", "space", "space", "d")
        await shown(pilot, "remove 2 containers?")
        assert "kills 7 processes; 25.2 MB of changes in 6 files are lost" in screen_text(pilot)
        await pilot.press("y")
        await until(pilot, lambda: len(engine.calls) == 2)
        await shown(pilot, "containers ─ 3 ")


async def test_a_short_error_is_a_toast_and_a_long_one_a_dialog(engine: ScriptedEngine) -> None:
    async with running(engine) as pilot:
        await select(pilot, "fresh")
        engine.failures["start"] = KernelError("start fresh", "no space left on device (ENOSPC)")
        await pilot.press("u")
        await shown(pilot, "cannot start fresh: no space left")
        engine.failures["start"] = KernelError(
            "start fresh", "mount overlay: invalid argument (EINVAL)", stage="root file system", hint="choose vfs"
        )
        await pilot.press("u")
        await shown(pilot, "it did not work")
        assert "stage: root file system" in screen_text(pilot)
        assert "hint: choose vfs" in screen_text(pilot)


async def test_errors_of_many_are_told_once(engine: ScriptedEngine) -> None:
    async with running(engine) as pilot:
        engine.failures["stop"] = KernelError("stop it", "input/output error (EIO)")
        await pilot.press("asterisk", "s")
        await shown(pilot, "2 more could not stop either")


async def test_a_slow_verb_shows_in_the_row_until_it_is_done(engine: ScriptedEngine) -> None:
    async with running(engine) as pilot:
        screen = pilot.app.screen
        container = engine.containers.get("web-1")
        screen.set_doing(container.id, "stop")  # type: ignore[attr-defined]
        await until(pilot, lambda: "◌ stop …" in row_of(pilot, "web-1"))
        screen.set_doing(container.id, "")  # type: ignore[attr-defined]
        await until(pilot, lambda: "● running" in row_of(pilot, "web-1"))
