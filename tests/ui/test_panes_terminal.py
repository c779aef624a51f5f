"""The shell inside and attaching, on scripted sessions: keys go in, output is drawn, the keyboard comes back."""

from __future__ import annotations

from typing import Any

import pytest
from textual import events
from textual.pilot import Pilot

from tests.doubles.scripted.engine import ScriptedEngine
from tests.doubles.scripted.session import ScriptedSession
from tests.ui.kit import called, gone, running, screen_text, select, shown, until
from tuicont.core.errors import CommandNotFound
from tuicont.core.model.request import ExecRequest
from tuicont.screens.details import Details
from tuicont.widgets.terminal.terminal import Terminal


@pytest.fixture
def engine() -> ScriptedEngine:
    return ScriptedEngine()


async def open_shell(pilot: Pilot[Any], engine: ScriptedEngine, name: str = "web-1") -> ScriptedSession:
    """A shell in the container, its prompt on the screen."""
    await select(pilot, name)
    await pilot.press("e")
    await shown(pilot, "/ #")
    await until(pilot, lambda: isinstance(pilot.app.focused, Terminal))
    return engine.sessions[-1]


async def test_a_shell_opens_in_a_pane_and_takes_the_keyboard(engine: ScriptedEngine) -> None:
    async with running(engine) as pilot:
        session = await open_shell(pilot, engine)
        await called(pilot, "exec", "web-1", ("/bin/bash",))
        await pilot.press(*"ls", "space", "minus", "l", "enter")
        await until(pilot, lambda: session.written == b"ls -l\r")
        await shown(pilot, "ls -l")


async def test_keys_that_mean_something_elsewhere_go_to_the_program(engine: ScriptedEngine) -> None:
    async with running(engine) as pilot:
        session = await open_shell(pilot, engine)
        for key in ("q", "d", "question_mark", "tab", "escape", "ctrl+c", "ctrl+p", "up", "f1", "shift+tab", "1"):
            await pilot.press(key)
        expected = b"qd?\t\x1b\x03\x10\x1b[A\x1bOP\x1b[Z1"
        await until(pilot, lambda: session.written == expected, f"{expected!r} (it is {session.written!r})")


async def test_a_container_without_bash_gets_sh(engine: ScriptedEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    real = engine.tasks.exec

    def without_bash(ref: str, request: ExecRequest) -> ScriptedSession:
        if request.command == ("/bin/bash",):
            raise CommandNotFound("run /bin/bash", "no such file or directory (ENOENT)")
        return real(ref, request)

    monkeypatch.setattr(engine.tasks, "exec", without_bash)
    async with running(engine) as pilot:
        await open_shell(pilot, engine)
        await called(pilot, "exec", "web-1", ("/bin/sh",))


async def test_a_container_without_any_shell_says_so_and_has_no_pane(engine: ScriptedEngine) -> None:
    engine.failures["exec"] = CommandNotFound("run /bin/sh in web-1", "no such file or directory (ENOENT)")
    async with running(engine) as pilot:
        await select(pilot, "web-1")
        await pilot.press("e")
        await shown(pilot, "cannot run /bin/sh in web-1")
        await gone(pilot, " tty ")


async def test_ctrl_bracket_gives_the_keyboard_back_and_enter_takes_it(engine: ScriptedEngine) -> None:
    async with running(engine) as pilot:
        session = await open_shell(pilot, engine)
        await pilot.press("ctrl+right_square_bracket")
        await shown(pilot, "enter types here")
        await pilot.press("left_square_bracket")
        await until(pilot, lambda: pilot.app.screen.query_one(Details).tab == "inspect")
        await pilot.press("right_square_bracket")
        await shown(pilot, "/ #")
        assert session.written == b""
        await pilot.press("enter")
        await pilot.press("x")
        await until(pilot, lambda: session.written.endswith(b"x"))


async def test_exit_closes_the_pane(engine: ScriptedEngine) -> None:
    async with running(engine) as pilot:
        await open_shell(pilot, engine)
        await pilot.press(*"exit", "enter")
        await shown(pilot, "shell in web-1 ended with 0")
        assert pilot.app.screen.query_one(Details).tab == "overview"
        assert " tty " not in screen_text(pilot)


async def test_a_shell_goes_on_while_another_container_is_looked_at(engine: ScriptedEngine) -> None:
    async with running(engine) as pilot:
        session = await open_shell(pilot, engine)
        await pilot.press("ctrl+right_square_bracket")
        await select(pilot, "worker")
        await gone(pilot, "/ #")
        session.say(b"done in the background\r\n")
        await select(pilot, "web-1")
        pilot.app.screen.query_one(Details).open_shell(engine.containers.get("web-1"))
        await shown(pilot, "done in the background")
        assert len(engine.sessions) == 1


async def test_the_program_is_told_the_size_of_the_pane(engine: ScriptedEngine) -> None:
    async with running(engine) as pilot:
        session = await open_shell(pilot, engine)
        terminal = pilot.app.screen.query_one(Terminal)
        await pilot.resize_terminal(120, 40)
        await until(pilot, lambda: session.sizes and session.sizes[-1] == (terminal.size.height, terminal.size.width))
        assert terminal.size.width > 100


async def test_a_full_screen_program_leaves_what_was_there(engine: ScriptedEngine) -> None:
    async with running(engine) as pilot:
        session = await open_shell(pilot, engine)
        session.say(b"\x1b[?1049h\x1b[H\x1b[2Jeditor")
        await shown(pilot, "editor")
        assert "/ #" not in screen_text(pilot)
        session.say(b"\x1b[?1049l")
        await shown(pilot, "/ #")
        assert "editor" not in screen_text(pilot)


async def test_a_paste_is_bracketed_when_the_program_asks(engine: ScriptedEngine) -> None:
    async with running(engine) as pilot:
        session = await open_shell(pilot, engine)
        terminal = pilot.app.screen.query_one(Terminal)
        terminal.post_message(events.Paste("a\nb"))
        await until(pilot, lambda: session.written == b"a\rb")
        session.say(b"\x1b[?2004hready")
        await shown(pilot, "ready")
        terminal.post_message(events.Paste("c\x1b[201~d"))
        await until(pilot, lambda: session.written.endswith(b"\x1b[200~cd\x1b[201~"))


async def test_the_wheel_scrolls_back_and_typing_returns(engine: ScriptedEngine) -> None:
    async with running(engine) as pilot:
        session = await open_shell(pilot, engine)
        session.say(b"".join(b"line %d\r\n" % n for n in range(100)))
        await shown(pilot, "line 99")
        terminal = pilot.app.screen.query_one(Terminal)
        for _ in range(4):
            terminal.post_message(
                events.MouseScrollUp(terminal, 1, 1, 0, 0, 0, False, False, False, screen_x=1, screen_y=1)
            )
        await until(pilot, lambda: "line 88" in screen_text(pilot) and "line 89" not in screen_text(pilot))
        await pilot.press("x")
        await shown(pilot, "line 99")


async def test_the_terminals_answers_go_to_the_program(engine: ScriptedEngine) -> None:
    async with running(engine) as pilot:
        session = await open_shell(pilot, engine)
        session.say(b"\r\n\x1b[6n")
        await until(pilot, lambda: session.written == b"\x1b[2;1R")


async def test_attaching_to_a_terminal_is_left_with_the_detach_keys(engine: ScriptedEngine) -> None:
    async with running(engine) as pilot:
        await select(pilot, "worker")
        await pilot.press("a")
        await shown(pilot, "attached")
        await until(pilot, lambda: isinstance(pilot.app.focused, Terminal))
        session = engine.sessions[-1]
        await pilot.press("ctrl+p", "x")
        await until(pilot, lambda: session.written == b"\x10x")
        await pilot.press("ctrl+p", "ctrl+q")
        await shown(pilot, "detached from worker")
        assert session.written == b"\x10x"
        assert engine.containers.get("worker").state.alive


async def test_attaching_without_a_terminal_shows_lines(engine: ScriptedEngine) -> None:
    async with running(engine) as pilot:
        await select(pilot, "web-1")
        await pilot.press("a")
        await shown(pilot, "attached to web-1")
        engine.sessions[-1].say(b"one\ntwo\n")
        await shown(pilot, "two")
        await pilot.press("ctrl+right_square_bracket")
        await shown(pilot, "detached from web-1")
