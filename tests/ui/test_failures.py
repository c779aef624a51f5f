"""Whatever fails, the program goes on, says what happened where it happened, and tries again.

What is shown is found in the code (tabs, screens, facets, actions), so that a new one is held to it at once.
"""

from __future__ import annotations

import importlib
import pkgutil
import sqlite3
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from textual.message_pump import MessagePump
from textual.pilot import Pilot

import tuicont.screens
import tuicont.widgets
from tests.doubles.failing import FACETS, FailingEngine
from tests.ui.kit import Still, called, gone, running, screen_text, select, shown, until
from tests.unit.test_presenters_hostile import EVIL, harmless
from tuicont.actions import ACTIONS, BY_ID, Group
from tuicont.bridge import Bridge
from tuicont.core.errors import KernelError
from tuicont.core.model.event import Topic
from tuicont.screens.details import Details
from tuicont.screens.details.pages import PAGES
from tuicont.screens.details.tabs import TABS
from tuicont.screens.dialogs.error import ErrorDialog
from tuicont.widgets.guarded import Guarded
from tuicont.widgets.line_table import LineTable
from tuicont.widgets.terminal.terminal import Terminal
from tuicont.widgets.text_view import TextView

TICK = 0.05
ERRORS = {
    "cannot use the state": KernelError("use the state", "disk I/O error", hint="look at the kernel's log"),
    "KeyError: 'Uid'": KeyError("Uid"),
    "ValueError: no number": ValueError("no number"),
    "UnicodeDecodeError: ": UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"),
    "OSError: [Errno 5]": OSError(5, "Input/output error"),
    "OperationalError: locked": sqlite3.OperationalError("locked"),
    "RuntimeError: no more": RuntimeError("no more"),
}
"""What an engine may raise, by the words that are told of it."""
MODES = [action.id for action in ACTIONS if action.group is Group.SCREENS]


@pytest.fixture
def engine() -> FailingEngine:
    return FailingEngine()


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tries again at once what else is tried again each second."""
    monkeypatch.setattr("tuicont.screens.base._AGAIN_S", TICK)
    monkeypatch.setattr("tuicont.bridge._RETRY_SECONDS", TICK)


def failing(error: Exception | None = None) -> Callable[..., Any]:
    def raising(*arguments: Any, **named: Any) -> Any:
        raise error or KeyError("Uid")

    return raising


def details(pilot: Pilot[Any]) -> Details:
    return pilot.app.screen_stack[0].query_one(Details)


async def without_dialogs(pilot: Pilot[Any]) -> None:
    """Close what has been told in dialogs."""
    while isinstance(pilot.app.screen, ErrorDialog):
        await pilot.press("enter")
        await pilot.pause()


# what the engine does not answer


@pytest.mark.parametrize("tab", [*PAGES, "logs", "metrics"])
async def test_a_tab_says_why_it_has_no_answer_and_shows_it_when_there_is_one(engine: FailingEngine, tab: str) -> None:
    async with running(engine, size=(120, 40), faults=True, interval=TICK) as pilot:
        for words in ("cannot use the state", "KeyError: 'Uid'"):
            error = ERRORS[words]
            details(pilot).select_tab("overview")
            await pilot.pause()
            engine.failing |= dict.fromkeys(("views", "containers", "metrics.history"), error)
            details(pilot).select_tab(tab)
            await shown(pilot, words)
            assert not isinstance(pilot.app.screen, ErrorDialog)
            engine.failing.clear()
            await gone(pilot, words)
            await until(pilot, lambda: "reading …" not in screen_text(pilot))


async def test_a_tab_keeps_what_it_knows_below_the_reason_why_it_is_old(engine: FailingEngine) -> None:
    async with running(engine, size=(120, 40), interval=TICK) as pilot:
        details(pilot).select_tab("processes")
        await shown(pilot, "sh -c worker")
        engine.failing["views.processes"] = KernelError("read /proc/4100/stat", "input/output error (EIO)")
        await shown(pilot, "cannot read /proc/4100/stat")
        assert "sh -c worker" in screen_text(pilot)
        engine.failing.clear()
        await gone(pilot, "cannot read")
        assert "sh -c worker" in screen_text(pilot)


async def test_a_log_that_failed_goes_on_where_it_was(engine: FailingEngine) -> None:
    scripted = engine.views.logs

    def breaking(ref: str, query: Any) -> Any:
        lines = scripted(ref, query)
        for number, line in enumerate(lines):
            if number == 5 and query.since_ns is None:
                raise KeyError("length")
            yield line

    engine.views.logs = breaking
    async with running(engine, size=(120, 40), faults=True) as pilot:
        details(pilot).select_tab("logs")
        await shown(pilot, "KeyError: 'length'")
        assert "200 4 ms" in screen_text(pilot)
        pilot.app.bridge.refresh_states()
        await shown(pilot, "200 23 ms")
        await shown(pilot, "24 lines")
        assert "KeyError" not in screen_text(pilot)


@pytest.mark.parametrize("mode", MODES)
async def test_a_screen_says_why_it_has_nothing_new_and_goes_on_when_there_is_something(
    engine: FailingEngine, mode: str
) -> None:
    async with running(engine, size=(120, 40), faults=True, interval=TICK) as pilot:
        for words, error in ERRORS.items():
            engine.failing |= dict.fromkeys(FACETS, error)
            pilot.app.switch_mode(mode)
            await until(pilot, lambda words=words: pilot.app.screen_stack[0].note_of_trouble.startswith(words))  # type: ignore[misc]
            await without_dialogs(pilot)
            await shown(pilot, words)
            engine.failing.clear()
            await until(pilot, lambda: not pilot.app.screen_stack[0].note_of_trouble)
            await without_dialogs(pilot)
            await gone(pilot, words)
        engine.tasks.stop("web-1")
        pilot.app.switch_mode("events")
        await shown(pilot, "exited 143")


@pytest.mark.parametrize("facet", ["events", "metrics.snapshot", "host"])
async def test_what_fails_at_the_start_comes_when_the_engine_answers(engine: FailingEngine, facet: str) -> None:
    engine.failing[facet] = ValueError("no number")
    app = Still(engine, interval=TICK)
    app.expects_faults = True
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await shown(pilot, "ValueError: no number")
        engine.failing.clear()
        await without_dialogs(pilot)
        await gone(pilot, "ValueError")
        engine.tasks.stop("web-1")
        await shown(pilot, "exited 143")
        await pilot.press("9")
        await shown(pilot, "overlay")


async def test_a_verb_that_fails_by_a_fault_is_told_and_keeps_nobody_from_the_others(engine: FailingEngine) -> None:
    async with running(engine, size=(120, 40), faults=True) as pilot:
        start = engine.tasks.stop

        def stop(ref: str) -> Any:
            if ref == engine.containers.get("web-1").id:
                raise KeyError("pid")
            return start(ref)

        engine.tasks.stop = stop
        await pilot.press("asterisk", "s")
        await shown(pilot, "KeyError: 'pid'")
        await called(pilot, "stop", "worker")
        await pilot.press("enter")
        await gone(pilot, "KeyError")


# what this program does wrong


@pytest.mark.parametrize("tab", [tab.id for tab in TABS])
async def test_a_tab_that_cannot_be_drawn_says_why_and_is_drawn_again(engine: FailingEngine, tab: str) -> None:
    async with running(engine, size=(120, 40), faults=True, interval=TICK) as pilot:
        details(pilot).select_tab(tab)
        await until(pilot, lambda: details(pilot).pane is not None)
        pane: Any = details(pilot).pane
        for name in ("show", "present"):
            if hasattr(pane, name):
                setattr(pane, name, failing())
                await shown(pilot, "KeyError: 'Uid'")
                assert not isinstance(pilot.app.screen, ErrorDialog)
                delattr(pane, name)
                await gone(pilot, "KeyError")


@pytest.mark.parametrize("mode", MODES)
async def test_a_screen_that_cannot_be_drawn_says_why_and_is_drawn_again(
    engine: FailingEngine, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(engine, size=(120, 40), faults=True, interval=TICK) as pilot:
        pilot.app.switch_mode(mode)
        await until(pilot, lambda: pilot.app.current_mode == mode)
        screen: Any = pilot.app.screen
        screen.show_snapshot = failing()
        await shown(pilot, "KeyError: 'Uid'")
        del screen.show_snapshot
        await gone(pilot, "KeyError")


async def test_an_action_that_fails_is_told_each_time_with_its_place(engine: FailingEngine) -> None:
    async with running(engine, size=(120, 40), faults=True) as pilot:
        app: Any = pilot.app
        for part, action in ((app, "theme"), (app.screen, "sort"), (app.screen.table, "down")):
            part.handlers[action] = failing()
            for _ in range(2):
                await pilot.press(BY_ID[action].key.split(",")[0])
                await shown(pilot, "KeyError: 'Uid'")
                assert "at widgets/acting.py:" in screen_text(pilot) and "a fault of tuicont" in screen_text(pilot)
                await without_dialogs(pilot)
                await gone(pilot, "KeyError")
        assert any("Traceback" in fault and "in raising" in fault for fault in app.bridge.faults.values())


async def test_a_node_hears_what_comes_after_what_it_failed_at(engine: FailingEngine) -> None:
    async with running(engine, size=(120, 40), faults=True) as pilot:
        table = pilot.app.screen.query_one("#containers", LineTable)
        for node in (pilot.app, pilot.app.screen, table, details(pilot)):
            heard: list[int] = []
            node.call_later(failing())
            node.call_later(lambda heard=heard: heard.append(1))
            await until(pilot, lambda heard=heard: heard == [1])  # type: ignore[misc]
        await shown(pilot, "KeyError: 'Uid'")


async def test_a_picture_that_fails_leaves_the_others_and_comes_again(engine: FailingEngine) -> None:
    async with running(engine, size=(120, 40), faults=True) as pilot:
        view: Any = details(pilot).query_one(TextView)
        for widget in (view, pilot.app.screen.query_one("#containers", LineTable)):
            widget.render_line = failing()
            widget.refresh()
            await shown(pilot, "KeyError: 'Uid'")
            await without_dialogs(pilot)
            assert "1 Containers" in screen_text(pilot)
            del widget.render_line
            widget.refresh()
            await gone(pilot, "KeyError")


async def test_workers_and_timers_that_fail_are_told(engine: FailingEngine) -> None:
    async def work() -> None:
        raise ValueError("in a worker")

    async with running(engine, size=(120, 40), faults=True) as pilot:
        pilot.app.screen.run_worker(work())
        await shown(pilot, "ValueError: in a worker")
        await pilot.press("enter")
        pilot.app.set_timer(0.01, failing(ValueError("in a timer")))
        await shown(pilot, "ValueError: in a timer")
        await pilot.press("enter")
        await gone(pilot, "ValueError")


async def test_a_terminal_whose_reader_fails_says_why_it_is_gone(
    engine: FailingEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(engine, size=(120, 40), faults=True) as pilot:
        await select(pilot, "web-1")
        monkeypatch.setattr(Terminal, "feed", failing())
        await pilot.press("e")
        await shown(pilot, "KeyError: 'Uid'")
        monkeypatch.undo()
        await pilot.press("e")
        await shown(pilot, "/ #")


async def test_a_test_that_expects_no_fault_fails_by_one(engine: FailingEngine) -> None:
    with pytest.raises(AssertionError, match="KeyError: 'Uid'"):
        async with running(engine, size=(120, 40)) as pilot:
            pilot.app.call_later(failing())
            await shown(pilot, "never")


def test_every_node_of_the_interface_is_guarded() -> None:
    for package in (tuicont.screens, tuicont.widgets):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    kinds = [MessagePump]
    for kind in kinds:
        kinds += [below for below in kind.__subclasses__() if below not in kinds]
    own = {kind for kind in kinds if kind.__module__.startswith(("tuicont.screens", "tuicont.widgets", "tuicont.app"))}
    # What these do is all Textual's.
    assert {kind.__name__ for kind in own if not issubclass(kind, Guarded)} == {"Choice", "DialogBox", "Tick"}


# hostile data


async def test_hostile_names_reach_no_terminal_from_any_tab_or_screen(engine: FailingEngine) -> None:
    for container, evil in zip(list(engine.records.values()), EVIL, strict=False):
        request = msgspec.structs.replace(
            container.request, image=evil, hostname=evil, env=(f"A={evil}",), user=evil, labels=((evil, evil),)
        )
        engine.put(container.id, name=evil * 3, request=request, command=(evil,), error=evil, image_id=evil)
        engine.say(Topic.CONTAINER_RENAME, engine.records[container.id], old_name=evil)
    async with running(engine, size=(120, 40), interval=TICK) as pilot:
        for mode in MODES:
            pilot.app.switch_mode(mode)
            await until(pilot, lambda mode=mode: pilot.app.current_mode == mode)  # type: ignore[misc]
            harmless(screen_text(pilot).split("\n"))
        pilot.app.switch_mode("containers")
        table: Any = pilot.app.screen.query_one("#containers", LineTable)
        for position in range(len(table.keys)):
            table.move_to(position)
            for tab in TABS:
                details(pilot).select_tab(tab.id)
                await until(pilot, lambda: "reading …" not in screen_text(pilot))
                harmless(screen_text(pilot).split("\n"))


async def test_a_container_that_goes_between_a_snapshot_and_a_question_ends_nothing(engine: FailingEngine) -> None:
    async with running(engine, size=(120, 40), interval=TICK) as pilot:
        for tab in TABS:
            details(pilot).select_tab(tab.id)
            await pilot.pause()
        engine.records.clear()
        await shown(pilot, "no containers yet")


async def test_the_reason_for_an_empty_table_stays_as_long_as_it_lasts(engine: FailingEngine) -> None:
    """Whatever else succeeds meanwhile."""
    engine.failing["events.past"] = KernelError("read the events", "disk I/O error")
    async with running(engine, size=(120, 40), faults=True, interval=TICK) as pilot:
        pilot.app.switch_mode("events")
        await shown(pilot, "cannot read the events")
        bridge: Bridge = pilot.app.bridge
        seen, began = set(), bridge.snapshot.time_ns
        await until(
            pilot,
            lambda: (
                seen.add("nothing has happened yet" in screen_text(pilot))
                or bridge.snapshot.time_ns > began + 5_000_000_000
            ),
        )
        assert seen == {False}


async def test_a_toast_is_text_whatever_is_in_it(engine: FailingEngine) -> None:
    async with running(engine) as pilot:
        pilot.app.screen.notify("[bold]a\x1b[31m\u202eb")
        await until(pilot, lambda: len(pilot.app._notifications))
        [toast] = pilot.app._notifications
        assert not toast.markup
        harmless([toast.message])
