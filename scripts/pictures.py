"""Take the pictures of the documents: `make pictures`. Needs root.

Runs the real program, without a terminal, on a real engine with state of its own, lets demo containers do
something to look at, presses the keys a person would, and writes what is on the screen to docs/pictures/*.svg.
"""

from __future__ import annotations

import asyncio
import html
import re
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.cells import cell_len
from textual.pilot import Pilot
from textual.widgets import Input

from bench.lifecycle import remove_cgroups
from tests.ui.kit import shown, until
from tuicont.app import TuicontApp
from tuicont.bridge import Bridge
from tuicont.config import Config
from tuicont.core.engine.engine import LocalEngine
from tuicont.core.engine.open import open_engine
from tuicont.core.model.limits import Limits
from tuicont.core.model.request import ContainerRequest
from tuicont.messages import OpenContainer
from tuicont.opening import Opening

PICTURES = Path(__file__).resolve().parents[1] / "docs" / "pictures"
ROOT = Path("/tmp/tuicont-demo")
MIB = 1 << 20
HISTORY_SECONDS = 75
"""How long the containers run before the pictures of their history are taken."""

TEXT = re.compile(
    r'<text class="(?P<style>[^"]*)" x="(?P<x>[\d.]+)" y="(?P<y>[\d.]+)" textLength="[\d.]+"(?P<clip>[^>]*)>'
    r"(?P<text>[^<]*)</text>"
)
SPACES = " \N{NO-BREAK SPACE}\N{BRAILLE PATTERN BLANK}"
BRAILLE = re.compile("[\u2800-\u28ff]")
CELL_WIDTH = 12.2
"""Of a character in the exported pictures, in their unit."""

BURSTS = "while :; do burn-cpu 1 6; sleep 3; done"
GENTLE = Limits(memory=64 * MIB, cpus=0.5, pids=64)
DEMOS = {
    "web": (("chatter", "9999", "0.4"), GENTLE),
    "worker": (("sh", "-c", BURSTS), GENTLE),
    "cache": (("eat-memory", "40", "9999"), GENTLE),
    "builder": (("sh", "-c", "while :; do write-files 200 64; sleep 2; done"), GENTLE),
    "batch": (("burn-cpu", "1", "9999"), Limits(memory=64 * MIB, cpus=0.25, pids=64)),
    "report": (("eat-memory", "64", "9999"), Limits(memory=16 * MIB, cpus=0.5, pids=64)),
    "migrate": (("sh", "-c", "echo migrated 3 tables"), GENTLE),
}


@contextmanager
def demo_engine() -> Iterator[LocalEngine]:
    """An engine on a root that is thrown away, with every demo container started."""
    shutil.rmtree(ROOT, ignore_errors=True)
    engine = open_engine(str(ROOT), str(ROOT / "run"))
    try:
        for name, (command, limits) in DEMOS.items():
            engine.tasks.start(
                engine.containers.create(ContainerRequest(image="demo", name=name, command=command, limits=limits)).id
            )
        engine.tasks.wait("migrate")
        yield engine
    finally:
        for container in engine.containers.list():
            engine.containers.remove(container.id, force=True)
        engine.close()
        remove_cgroups(engine.cgroup_parent)
        shutil.rmtree(ROOT)


class Photographer:
    """One running application: shows things in it and takes their pictures."""

    def __init__(self, pilot: Pilot[Any], engine: LocalEngine) -> None:
        self._pilot, self._engine = pilot, engine

    async def open(self, name: str, tab: str) -> None:
        """Select a container and one of its tabs."""
        self._pilot.app.post_message(OpenContainer(self._engine.containers.get(name).id, tab))
        await self._pilot.pause()

    async def press(self, *keys: str, until: str) -> None:
        """Press keys and wait for a text."""
        await self._pilot.press(*keys)
        await shown(self._pilot, until)

    async def take(self, name: str, *, after: float = 1.5) -> None:
        """Write the picture `name` once what was asked for has been drawn."""
        await self._pilot.pause(after)
        svg = tidied(self._pilot.app.export_screenshot(title="tuicont"))
        (PICTURES / f"{name}.svg").write_text(svg)
        sys.stderr.write(f"docs/pictures/{name}.svg: {len(svg) >> 10} KiB\n")


async def photograph(engine: LocalEngine) -> None:
    """Every picture, in one run of the application at each size."""
    begun = time.monotonic()
    async with running(engine, (120, 40)) as pilot:
        wide = Photographer(pilot, engine)
        await wide.press("n", until="tuicont run -d")
        await wide.press(*"api", until="--name=api")
        await wide.take("create")
        await wide.press("escape", until="containers ─")
        await until(pilot, lambda: engine.containers.get("report").exit, "the end of report")
        await pilot.pause(HISTORY_SECONDS / 3)
        engine.tasks.pause("batch")
        await pilot.pause(HISTORY_SECONDS - (time.monotonic() - begun))
        await wide.open("worker", "overview")
        await wide.take("containers-120x40")
        await wide.open("builder", "layers")
        await wide.take("layers")
        await wide.open("worker", "cgroup")
        await wide.take("cgroup")
        await wide.open("web", "namespaces")
        await wide.take("namespaces")
        await wide.open("web", "logs")
        await wide.take("logs")
        await wide.open("cache", "overview")
        await wide.press("e", until="/ #")
        await wide.press(*"ps", "enter", until="eat-memory 40")
        await wide.press(*"hostname", "enter", until=f"\n{engine.containers.get('cache').short_id}")
        await wide.take("shell")
        await pilot.press("ctrl+right_square_bracket")
        await wide.open("worker", "metrics")
        await pilot.press("z")
        await wide.take("metrics")
        await pilot.press("z", "6")
        await wide.take("events")
        await wide.press("9", until="version")
        await wide.take("engine")
    async with running(engine, (80, 24)) as pilot:
        small = Photographer(pilot, engine)
        await small.open("worker", "overview")
        await small.take("containers-80x24", after=5)


def tidied(svg: str) -> str:
    """The picture with every text where its first visible character is, and with each character of a chart at its
    own place: not every program that draws SVG keeps leading spaces, or stretches a text to its `textLength`."""
    return "\n".join(line.rstrip() for line in TEXT.sub(_tidied, svg).split("\n")) + "\n"


def _tidied(match: re.Match[str]) -> str:
    style, x, y, clip = match["style"], float(match["x"]), match["y"], match["clip"]
    text = html.unescape(match["text"])
    kept = text.lstrip(SPACES)
    x += (len(text) - len(kept)) * CELL_WIDTH
    kept = kept.rstrip(SPACES)
    if not kept:
        return ""
    if BRAILLE.search(kept):
        places = ((x + number * CELL_WIDTH, char) for number, char in enumerate(kept) if char not in SPACES)
        body = "".join(f'<tspan x="{place:g}">{char}</tspan>' for place, char in places)
        return f'<text class="{style}" y="{y}"{clip}>{body}</text>'
    body = html.escape(kept).replace(" ", "&#160;").replace("\N{NO-BREAK SPACE}", "&#160;")
    width = cell_len(kept) * CELL_WIDTH
    return f'<text class="{style}" x="{x:g}" y="{y}" textLength="{width:g}"{clip}>{body}</text>'


def running(engine: LocalEngine, size: tuple[int, int]) -> Any:
    """The application in a terminal of `size` that nobody sees."""
    Input.cursor_blink = False
    app = TuicontApp(Bridge(Opening(lambda: engine)), Config())
    return app.run_test(size=size, notifications=True)


if __name__ == "__main__":
    PICTURES.mkdir(exist_ok=True)
    with demo_engine() as opened:
        asyncio.run(photograph(opened))
