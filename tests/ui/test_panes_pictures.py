"""Pictures of the tabs of a container, compared with those that were looked at and found good.

`pytest tests/ui/test_panes_pictures.py --snapshot-update` takes them anew: look at each before committing it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.doubles.scripted.engine import ScriptedEngine
from tests.doubles.scripted.views import ScriptedLines, ScriptedViews
from tests.ui.kit import Still, select, shown, until
from tuicont.core.model.container import LogLine, LogQuery
from tuicont.screens.details import Details

SIZES = [(80, 24), (120, 40)]
Before = Callable[[Pilot[Any]], Awaitable[None]]

COLOURED = b"\x1b[1;34mbin\x1b[0m  \x1b[1;32mrun.sh\x1b[0m  \x1b[38;5;208metc\x1b[0m  \x1b[7mvar\x1b[0m\r\n/ # "


def tab(name: str, wait_for: str, *pressed: str, container: str = "web-1") -> Before:
    """Open a tab, wait for a text in it, then press these keys."""

    async def before(pilot: Pilot[Any]) -> None:
        await shown(pilot, "containers ─ 5")
        await select(pilot, container)
        details = pilot.app.screen.query_one(Details)
        details.select_tab(name)
        details.focus()
        await shown(pilot, wait_for)
        await pilot.press(*pressed)
        await until(pilot, lambda: all(worker.is_finished for worker in pilot.app.workers))

    return before


async def shell(pilot: Pilot[Any]) -> None:
    """A shell with colours in it."""
    await shown(pilot, "containers ─ 5")
    await select(pilot, "web-1")
    await pilot.press("e")
    await shown(pilot, "/ #")
    await pilot.press("l", "s", "enter")
    await shown(pilot, "# ls")
    pilot.app.engine.sessions[-1].say(COLOURED)  # type: ignore[attr-defined]
    await shown(pilot, "run.sh")


TABS: dict[str, Before] = {
    "overview": tab("overview", "burn-cpu"),
    "overview_oom": tab("overview", "killed by the kernel", container="eater"),
    "logs": tab("logs", "the log has ended"),  # which is told after its lines
    "logs_search": tab("logs", "the log has ended", "T", "slash", *"500", "enter"),
    "processes": tab("processes", "sh -c worker"),
    "metrics": tab("metrics", "25 samples"),
    "cgroup": tab("cgroup", "memory.usage_in_bytes", "j", "enter"),
    "namespaces": tab("namespaces", "127.0.0.1/8"),
    "layers": tab("layers", "/tmp/cache.bin"),
    "mounts": tab("mounts", "/srv/data"),
    "inspect": tab("inspect", '"Id"'),
    "processes_of_none": tab("processes", "it has no processes", container="fresh"),
    "shell": shell,
}


class ColouredViews(ScriptedViews):
    """With colours in the log."""

    def logs(self, ref: str, query: LogQuery = LogQuery()) -> ScriptedLines:
        def coloured(line: LogLine) -> LogLine:
            text = line.text.replace(" 500 ", " \x1b[1;31m500\x1b[0m ").replace(" 200 ", " \x1b[32m200\x1b[0m ")
            return LogLine(time_ns=line.time_ns, stream=line.stream, text=text)

        return ScriptedLines(map(coloured, super().logs(ref, query)))


def coloured() -> ScriptedEngine:
    engine = ScriptedEngine()
    engine.views = ColouredViews(engine)
    return engine


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40"])
@pytest.mark.parametrize("name", TABS)
def test_tab(snap_compare: Callable[..., bool], name: str, size: tuple[int, int]) -> None:
    assert snap_compare(Still(coloured()), terminal_size=size, run_before=TABS[name])
