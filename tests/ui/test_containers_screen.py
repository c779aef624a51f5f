"""The Containers screen: what it shows, how it is moved in, filtered, sorted and marked."""

from __future__ import annotations

import pytest

from tests.doubles.scripted.engine import ScriptedEngine
from tests.ui.kit import Still, gone, row_of, running, screen_text, select, shown, until
from tuicont.config import Config
from tuicont.core.model.limits import Limits
from tuicont.core.model.request import ContainerRequest
from tuicont.messages import OpenContainer


@pytest.fixture
def engine() -> ScriptedEngine:
    return ScriptedEngine()


def names(pilot: object) -> list[str]:
    """The containers in the order of the table."""
    engine = pilot.app.engine  # type: ignore[attr-defined]
    return [engine.containers.get(key).name for key in pilot.app.screen.table.keys]  # type: ignore[attr-defined]


async def test_it_shows_every_state_by_glyph_and_word(engine: ScriptedEngine) -> None:
    async with running(engine) as pilot:
        assert "● running" in row_of(pilot, "web-1")
        assert "❄ frozen" in row_of(pilot, "db")
        assert "✖ OOM 137" in row_of(pilot, "eater")
        assert "○ created" in row_of(pilot, "fresh")
        assert "containers ─ 5 · 2 running · 1 frozen ─ sort: name ↑" in screen_text(pilot)


async def test_an_empty_list_says_which_key_makes_the_first_container() -> None:
    async with running(ScriptedEngine(0)) as pilot:
        await shown(pilot, "press n to make the first one")


async def test_an_empty_list_names_the_key_that_the_user_chose() -> None:
    from tuicont.keys import resolve_keys

    config = Config(keys=resolve_keys("default", {"create": "c"}))
    async with running(ScriptedEngine(0), config) as pilot:
        await shown(pilot, "press c to make the first one")
        await pilot.press("c")
        await shown(pilot, "new container")


async def test_wide_terminals_have_more_columns(engine: ScriptedEngine) -> None:
    async with running(engine, size=(120, 40)) as pilot:
        assert "read/s" in screen_text(pilot)
        assert "registry.loc" in row_of(pilot, "db")
        await shown(pilot, "─events─")


async def test_another_process_s_change_appears_without_a_tick(engine: ScriptedEngine) -> None:
    async with running(engine) as pilot:
        engine.containers.create(ContainerRequest(image="demo", name="elsewhere", limits=Limits()))
        await shown(pilot, "elsewhere")
        assert "○ created" in row_of(pilot, "elsewhere")


async def test_moving_is_possible_with_letters_and_arrows(engine: ScriptedEngine) -> None:
    async with running(engine) as pilot:
        table = pilot.app.screen.table  # type: ignore[attr-defined]
        await pilot.press("j", "j", "down", "k")
        assert table.cursor == 2
        await pilot.press("G")
        assert table.cursor == 4
        await pilot.press("g")
        assert table.cursor == 0


async def test_five_hundred_rows_scroll_to_the_last(engine: ScriptedEngine) -> None:
    async with running(ScriptedEngine(500)) as pilot:
        last = names(pilot)[-1]
        await pilot.press("G")
        await until(pilot, lambda: "▸" in row_of(pilot, last))
        await pilot.press("pageup", "g")
        await until(pilot, lambda: "▸" in row_of(pilot, names(pilot)[0]))


async def test_a_container_that_is_opened_before_anything_is_drawn_comes_into_view() -> None:
    engine = ScriptedEngine(12)
    app = Still(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        app.post_message(OpenContainer(engine.containers.get("worker").id))
        await shown(pilot, "▸ worker")


async def test_the_scroll_bar_hides_no_column() -> None:
    async with running(ScriptedEngine(50)) as pilot:
        assert row_of(pilot, "cache").rstrip(" ▁▂▃▄▅▆▇█").endswith("24s")


async def test_the_filter_follows_every_letter_and_escape_drops_it(engine: ScriptedEngine) -> None:
    async with running(engine) as pilot:
        await pilot.press("slash", *"web")
        await until(pilot, lambda: names(pilot) == ["web-1"])
        await shown(pilot, "1 of 5")
        await pilot.press("enter", "escape")
        await until(pilot, lambda: len(names(pilot)) == 5)


async def test_an_exclamation_mark_inverts_the_filter(engine: ScriptedEngine) -> None:
    async with running(engine) as pilot:
        await pilot.press("slash", *"!running", "enter")
        await until(pilot, lambda: names(pilot) == ["db", "eater", "fresh"])


async def test_a_filter_with_brackets_is_text_and_not_markup(engine: ScriptedEngine) -> None:
    async with running(engine) as pilot:
        await pilot.press("slash", *"[red]x[/")
        await shown(pilot, "filter: [red]x[/")
        await shown(pilot, "no container matches")


async def test_sorting_goes_through_the_columns_and_turns_round(engine: ScriptedEngine) -> None:
    async with running(engine) as pilot:
        await pilot.press("o", "o")
        await shown(pilot, "sort: cpu ↓")
        await until(pilot, lambda: names(pilot)[0] == "worker")
        await pilot.press("O")
        await shown(pilot, "sort: cpu ↑")
        assert names(pilot)[-1] == "worker"


async def test_a_click_on_a_title_sorts_by_it_and_on_a_row_selects_it(engine: ScriptedEngine) -> None:
    async with running(engine) as pilot:
        lines = screen_text(pilot).split("\n")
        await pilot.click(offset=(lines[2].index("memory"), 2))
        await shown(pilot, "sort: memory ↓")
        row = next(y for y, line in enumerate(screen_text(pilot).split("\n")) if "eater" in line[:20])
        await pilot.click(offset=(4, row))
        assert pilot.app.screen.selected.name == "eater"  # type: ignore[attr-defined]


async def test_a_click_in_the_footer_presses_the_key(engine: ScriptedEngine) -> None:
    async with running(engine) as pilot:
        await select(pilot, "web-1")
        await pilot.click(offset=(screen_text(pilot).split("\n")[23].index("freeze"), 23))
        await until(pilot, lambda: engine.calls == [("pause", "web-1")])


async def test_marks_are_shown_counted_and_dropped_with_escape(engine: ScriptedEngine) -> None:
    async with running(engine) as pilot:
        await pilot.press("g", "space")
        await shown(pilot, "1 marked")
        assert "✓ db" in screen_text(pilot)
        await pilot.press("escape")
        await gone(pilot, "marked")


async def test_enter_gives_the_details_the_screen_and_escape_takes_it_back(engine: ScriptedEngine) -> None:
    async with running(engine) as pilot:
        await pilot.press("enter")
        await gone(pilot, "pressure  age")
        await pilot.press("escape")
        await shown(pilot, "pressure  age")


async def test_z_gives_the_list_the_screen_and_again_restores(engine: ScriptedEngine) -> None:
    async with running(engine) as pilot:
        await pilot.press("z")
        await gone(pilot, " overview ")
        await pilot.press("z")
        await shown(pilot, " overview ")


@pytest.mark.parametrize(("key", "tab"), [("l", "logs"), ("i", "inspect")])
async def test_logs_and_inspect_open_their_tabs(engine: ScriptedEngine, key: str, tab: str) -> None:
    async with running(engine) as pilot:
        await pilot.press(key)
        await until(pilot, lambda: pilot.app.screen.details.tab == tab)  # type: ignore[attr-defined]


async def test_brackets_go_through_the_tabs(engine: ScriptedEngine) -> None:
    async with running(engine) as pilot:
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: pilot.app.screen.details.tab == "logs")  # type: ignore[attr-defined]
        await pilot.press("left_square_bracket")
        await until(pilot, lambda: pilot.app.screen.details.tab == "overview")  # type: ignore[attr-defined]


async def test_the_cursor_stays_with_its_container_when_the_order_changes(engine: ScriptedEngine) -> None:
    async with running(engine) as pilot:
        await select(pilot, "worker")
        await pilot.press("o", "o")
        await until(pilot, lambda: names(pilot)[0] == "worker")
        assert pilot.app.screen.selected.name == "worker"  # type: ignore[attr-defined]
