"""The tabs of a container on the scripted engine: what each shows, searching, copying, and doing nothing unseen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from tests.doubles.scripted.engine import MIB, ScriptedEngine
from tests.doubles.scripted.views import ScriptedLines
from tests.ui.kit import gone, running, screen_text, select, shown, until
from tuicont.core.errors import KernelError
from tuicont.core.model.container import CgroupFile, LogLine, LogQuery, Process
from tuicont.presenters.details.log_buffer import LogBuffer, chunk_of
from tuicont.screens.details import Details
from tuicont.widgets.log_view import LogView
from tuicont.widgets.text_view import TextView


@pytest.fixture
def engine() -> ScriptedEngine:
    return ScriptedEngine()


def details(pilot: Pilot[Any]) -> Details:
    return pilot.app.screen.query_one(Details)


def under_cursor(view: TextView) -> str:
    """The line that is drawn with the cursor on it."""
    colour = view.get_component_rich_style("text--cursor", partial=True).bgcolor
    lines = [view.render_line(y) for y in range(view.size.height)]
    return next(line.text for line in lines if any(part.style and part.style.bgcolor == colour for part in line))


async def tick(pilot: Pilot[Any], engine: ScriptedEngine) -> None:
    """A second later, the next snapshot."""
    engine.tick()
    details(pilot).show(pilot.app.screen.selected, engine.metrics.snapshot())  # type: ignore[attr-defined]
    await pilot.pause()


async def open_tab(pilot: Pilot[Any], name: str, tab: str) -> None:
    await select(pilot, name)
    details(pilot).select_tab(tab)
    details(pilot).focus()
    await pilot.pause()


@pytest.mark.parametrize(
    ("tab", "expected"),
    [
        ("overview", "burn-cpu"),
        ("logs", "GET /index.html 200 23 ms"),
        ("processes", "sh -c worker"),
        ("metrics", "memory"),
        ("cgroup", "memory.limit_in_bytes"),
        ("namespaces", "shared with host"),
        ("layers", "/tmp/cache.bin"),
        ("mounts", "/srv/data"),
        ("inspect", '"Path": "burn-cpu"'),
    ],
)
async def test_each_tab_shows_what_the_engine_says(engine: ScriptedEngine, tab: str, expected: str) -> None:
    async with running(engine) as pilot:
        await open_tab(pilot, "web-1", tab)
        await shown(pilot, expected)


async def test_brackets_go_round_the_tabs(engine: ScriptedEngine) -> None:
    async with running(engine) as pilot:
        await select(pilot, "web-1")
        for expected in ("logs", "processes", "metrics"):
            await pilot.press("right_square_bracket")
            assert details(pilot).tab == expected
        for _ in range(4):
            await pilot.press("left_square_bracket")
        assert details(pilot).tab == "inspect"


async def test_a_click_on_a_tab_opens_it(engine: ScriptedEngine) -> None:
    async with running(engine) as pilot:
        await select(pilot, "web-1")
        row = next(y for y, line in enumerate(screen_text(pilot).split("\n")) if "overview  logs" in line)
        column = screen_text(pilot).split("\n")[row].index("layers")
        await pilot.click(offset=(column + 1, row))
        await until(pilot, lambda: details(pilot).tab == "layers")


async def test_the_tabs_follow_the_selection(engine: ScriptedEngine) -> None:
    async with running(engine) as pilot:
        await open_tab(pilot, "web-1", "processes")
        await shown(pilot, "burn-cpu")
        await select(pilot, "eater")
        await shown(pilot, "eater is exited: it has no processes")


async def test_an_out_of_memory_kill_is_told_with_its_reason(engine: ScriptedEngine) -> None:
    async with running(engine) as pilot:
        await select(pilot, "eater")
        await shown(pilot, "killed by the kernel: its memory limit was reached")


async def test_only_the_visible_tab_asks_the_engine(engine: ScriptedEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def counted(verb: str) -> Callable[[str], Any]:
        real = getattr(engine.views, verb)

        def call(ref: str) -> Any:
            asked.append(verb)
            return real(ref)

        return call

    for verb in ("processes", "cgroup_files", "layers", "mounts", "namespaces"):
        monkeypatch.setattr(engine.views, verb, counted(verb))
    async with running(engine) as pilot:
        await open_tab(pilot, "web-1", "processes")
        await shown(pilot, "sh -c worker")
        for _ in range(3):
            await tick(pilot, engine)
        await until(pilot, lambda: asked.count("processes") >= 4)
        assert set(asked) == {"processes"}


async def test_what_the_engine_refuses_stands_in_the_tab(
    engine: ScriptedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(ref: str) -> tuple[CgroupFile, ...]:
        raise KernelError("read the cgroup of web-1", "no such device (ENODEV)")

    monkeypatch.setattr(engine.views, "cgroup_files", refuse)
    async with running(engine) as pilot:
        await open_tab(pilot, "web-1", "cgroup")
        await shown(pilot, "cannot read the cgroup of web-1: no such device (ENODEV)")


async def test_the_share_of_a_processor_is_the_change_between_two_looks(engine: ScriptedEngine) -> None:
    async with running(engine, size=(120, 40)) as pilot:
        await open_tab(pilot, "web-1", "processes")
        await shown(pilot, "burn-cpu")
        await tick(pilot, engine)
        await shown(pilot, "50%")


async def test_a_hostile_command_line_cannot_write_to_the_terminal(
    engine: ScriptedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    evil = Process(
        pid=4100,
        inner_pid=1,
        parent_pid=1,
        user="0",
        state="R",
        threads=1,
        rss=MIB,
        cpu_ns=0,
        started_ns=0,
        command="\x1b]0;owned\x07\x1b[2J\u202eevil",
    )
    monkeypatch.setattr(engine.views, "processes", lambda ref: (evil,))
    async with running(engine) as pilot:
        await open_tab(pilot, "web-1", "processes")
        await shown(pilot, "evil")
        assert not any(c in screen_text(pilot) for c in "\x1b\x07\u202e")


async def test_a_cgroup_value_that_changed_stands_out_for_one_tick(engine: ScriptedEngine) -> None:
    async with running(engine, size=(120, 40)) as pilot:
        await open_tab(pilot, "web-1", "cgroup")
        await shown(pilot, "memory.usage_in_bytes")

        def toned() -> list[str]:
            page = details(pilot).query_one("#cgroup TextView").page  # type: ignore[attr-defined]
            return [text.strip() for line in page.lines for text, tone in line if tone == "changed"]

        assert toned() == []
        await tick(pilot, engine)
        await until(pilot, lambda: len(toned()) == 1)


async def test_a_long_cgroup_value_unfolds_and_folds(engine: ScriptedEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    stat = CgroupFile(
        path="/sys/fs/cgroup/memory/x/memory.stat",
        name="memory.stat",
        value="cache 0\nrss 4096\nmapped_file 12288\n",
        writable=False,
        meaning="memory by kind",
    )
    monkeypatch.setattr(engine.views, "cgroup_files", lambda ref: (stat,))
    async with running(engine) as pilot:
        await open_tab(pilot, "web-1", "cgroup")
        await shown(pilot, "▸ memory.stat")
        assert "mapped_file" not in screen_text(pilot)
        await pilot.press("j", "enter")
        await shown(pilot, "mapped_file 12288")
        await pilot.press("enter")
        await gone(pilot, "mapped_file")


async def test_a_search_highlights_and_jumps_and_ends(engine: ScriptedEngine) -> None:
    async with running(engine, size=(120, 40)) as pilot:
        await open_tab(pilot, "web-1", "inspect")
        await shown(pilot, '"Id"')
        await pilot.press("slash")
        await pilot.press(*"memory")
        await shown(pilot, "/memory")
        await pilot.press("enter")
        view = details(pilot).query_one("#inspect TextView", TextView)
        assert "memory" in under_cursor(view).lower()
        await pilot.press("n")
        await pilot.press("escape")
        await gone(pilot, "/memory")


async def test_n_without_a_search_still_makes_a_container(engine: ScriptedEngine) -> None:
    async with running(engine) as pilot:
        await open_tab(pilot, "web-1", "inspect")
        await shown(pilot, '"Id"')
        await pilot.press("n")
        await until(pilot, lambda: type(pilot.app.screen).__name__ == "CreateForm" or pilot.app.screen.is_modal)


async def test_y_copies_the_document(engine: ScriptedEngine) -> None:
    async with running(engine) as pilot:
        await open_tab(pilot, "web-1", "inspect")
        await shown(pilot, '"Id"')
        await pilot.press("y")
        await until(pilot, lambda: '"Name": "/web-1"' in pilot.app.clipboard)
        assert pilot.app.clipboard.startswith("[")


async def test_charts_take_a_longer_time_to_a_point(engine: ScriptedEngine) -> None:
    async with running(engine, size=(120, 40)) as pilot:
        await open_tab(pilot, "web-1", "metrics")
        await shown(pilot, "a point is 1 s")
        await pilot.press("plus")
        await shown(pilot, "a point is 2 s")
        await pilot.press("minus", "minus")
        await shown(pilot, "a point is 1 s")


async def test_charts_go_on_with_each_tick(engine: ScriptedEngine) -> None:
    async with running(engine, size=(120, 40)) as pilot:
        await open_tab(pilot, "web-1", "metrics")
        await shown(pilot, "25 samples")
        await tick(pilot, engine)
        await tick(pilot, engine)
        await shown(pilot, "27 samples")


async def test_charts_have_no_hole_after_minutes_without_a_look(engine: ScriptedEngine) -> None:
    async with running(engine, size=(120, 40)) as pilot:
        await open_tab(pilot, "web-1", "metrics")
        await shown(pilot, "25 samples")
        engine.tick(199)
        await tick(pilot, engine)
        await shown(pilot, "225 samples")


class Log:
    """The lines that a scripted container writes, the later ones when they are let go."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines

    def __call__(self, ref: str, query: LogQuery = LogQuery()) -> ScriptedLines:
        return ScriptedLines(
            LogLine(time_ns=i * 1_000_000, stream="stdout", text=text) for i, text in enumerate(self.lines)
        )


async def test_logs_stand_at_their_end_and_leave_it_by_key(engine: ScriptedEngine) -> None:
    engine.views.logs = Log([f"line {n}" for n in range(2000)])  # type: ignore[method-assign, assignment]
    async with running(engine) as pilot:
        await open_tab(pilot, "web-1", "logs")
        await shown(pilot, "line 1999")
        await pilot.press("g")
        await shown(pilot, "line 0 ")
        await pilot.press("G")
        await shown(pilot, "line 1999")
        await pilot.press("k")
        await gone(pilot, "line 1999")


async def test_the_scroll_bar_is_where_the_lines_are_from_the_first_moment() -> None:
    """A log is at its end before it has a scroll bar: that comes with the first layout."""
    buffer = LogBuffer()
    buffer.extend(chunk_of([LogLine(time_ns=0, stream="stdout", text=f"line {n}") for n in range(200)]))

    class Log(App[None]):
        def compose(self) -> ComposeResult:
            yield LogView(buffer)

    async with Log().run_test(size=(80, 24)) as pilot:
        view = pilot.app.query_one(LogView)
        await until(pilot, lambda: view.scroll_offset.y == 176)
        assert view.vertical_scrollbar.position == 176


async def test_log_lines_are_filtered_and_filtered_out(engine: ScriptedEngine) -> None:
    async with running(engine) as pilot:
        await open_tab(pilot, "web-1", "logs")
        await shown(pilot, "24 lines")
        await pilot.press("ampersand", *" 500 ", "enter")
        await shown(pilot, "3 of 24 lines")
        assert " 200 " not in screen_text(pilot)
        await pilot.press("ampersand", "home", "exclamation_mark", "enter")
        await shown(pilot, "21 of 24 lines")


async def test_a_log_search_goes_from_match_to_match(engine: ScriptedEngine) -> None:
    engine.views.logs = Log([f"{'needle' if n % 500 == 7 else 'hay'} {n}" for n in range(2000)])  # type: ignore[method-assign, assignment]
    async with running(engine) as pilot:
        await open_tab(pilot, "web-1", "logs")
        await shown(pilot, "hay 1999")
        await pilot.press("g", "slash", *"needle", "enter")
        await shown(pilot, "needle 7")
        await pilot.press("n")
        await shown(pilot, "needle 507")
        await pilot.press("N", "N")
        await shown(pilot, "needle 1507")


async def test_time_stamps_and_wrapping_are_switched(engine: ScriptedEngine) -> None:
    engine.views.logs = Log(["x" * 100 + " tail"])  # type: ignore[method-assign, assignment]
    async with running(engine) as pilot:
        await open_tab(pilot, "web-1", "logs")
        await shown(pilot, "xxx")
        assert " tail" not in screen_text(pilot)
        await pilot.press("w")
        await shown(pilot, "x tail")
        await pilot.press("T")
        await shown(pilot, "00:00:00.000")


async def test_logs_are_saved_to_a_new_file_only(engine: ScriptedEngine, tmp_path: Path) -> None:
    path = tmp_path / "web.log"
    async with running(engine) as pilot:
        await open_tab(pilot, "web-1", "logs")
        await shown(pilot, "24 lines")
        for _ in range(2):
            await pilot.press("S")
            await shown(pilot, "save to")
            prompt = details(pilot).query_one("PromptLine Input")
            prompt.value = str(path)  # type: ignore[attr-defined]
            await pilot.press("enter")
            await until(pilot, path.exists)
        await shown(pilot, "file exists")
    assert path.read_text().splitlines()[0] == "GET /index.html 200 0 ms"
    assert len(path.read_text().splitlines()) == 24


async def test_a_log_cannot_write_to_the_terminal_but_may_use_colours(engine: ScriptedEngine) -> None:
    engine.views.logs = Log(["\x1b[31mred\x1b[0m \x1b[2J\x1b]52;c;ZXZpbA==\x07after\x07\x9b5n"])  # type: ignore[method-assign, assignment]
    async with running(engine) as pilot:
        await open_tab(pilot, "web-1", "logs")
        await shown(pilot, "red after")
        assert not any(c in screen_text(pilot) for c in "\x1b\x07\x9b")


async def test_a_long_log_is_whole_from_end_to_beginning(engine: ScriptedEngine) -> None:
    engine.views.logs = Log([f"line {n}" for n in range(100_000)])  # type: ignore[method-assign, assignment]
    async with running(engine) as pilot:
        await open_tab(pilot, "web-1", "logs")
        await shown(pilot, "line 99999")
        view = details(pilot).query_one("LogView")
        await pilot.press("g")
        await shown(pilot, "line 0 ")
        assert view.virtual_size.height == 100_000
