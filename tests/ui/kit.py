"""What makes a screen's test deterministic: the scripted engine, no blinking, no animation, one time zone.

Nothing sleeps: `until` lets the application work until what is waited for has come.
"""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from textual.pilot import Pilot
from textual.widgets import Input

from tests.doubles.scripted.engine import ScriptedEngine
from tuicont.app import TuicontApp
from tuicont.bridge import Bridge
from tuicont.config import Config
from tuicont.opening import Opening

os.environ["TZ"] = "UTC"
time.tzset()

_PATIENCE = 10.0
NEVER = 3600.0
"""A sampling interval after which no test still runs: screens change by events alone."""


class Still(TuicontApp):
    """The application as the tests and the pictures have it."""

    expects_faults = False

    def __init__(
        self,
        engine: ScriptedEngine,
        config: Config | None = None,
        *,
        read_only: bool = False,
        interval: float = NEVER,
    ) -> None:
        Input.cursor_blink = False
        self.engine = engine
        bridge = Bridge(Opening(lambda: engine), interval=interval, read_only=read_only)
        super().__init__(bridge, config or Config())
        self.animation_level = "none"


@asynccontextmanager
async def running(
    engine: ScriptedEngine,
    config: Config | None = None,
    *,
    size: tuple[int, int] = (80, 24),
    read_only: bool = False,
    faults: bool = False,
    interval: float = NEVER,
) -> AsyncIterator[Pilot[Any]]:
    """The application with its first samples on the screen. Without `faults`, what this program does wrong fails the
    test, though the application goes on."""
    app = Still(engine, config, read_only=read_only, interval=interval)
    app.expects_faults = faults
    async with app.run_test(size=size, notifications=True) as pilot:
        await until(pilot, lambda: _sampled(app) and "opening the engine" not in screen_text(pilot))
        yield pilot
        _no_faults(app)


def _no_faults(app: Still) -> None:
    if app.bridge.faults and not app.expects_faults:
        raise AssertionError("\n".join(app.bridge.faults.values()))


def _sampled(app: Still) -> bool:
    """Whether a snapshot has more than the names and states that the first one has."""
    snapshot = app.bridge.snapshot
    return snapshot is not None and (bool(snapshot.samples) or not any(c.state.alive for c in snapshot.containers))


async def until(pilot: Pilot[Any], condition: Callable[[], object], what: str = "") -> None:
    """Let the application work until `condition` holds; fails with the screen's text when it never does."""
    deadline = time.monotonic() + _PATIENCE
    while not condition() or _opening(pilot):
        if isinstance(pilot.app, Still):
            _no_faults(pilot.app)
        if time.monotonic() > deadline:
            raise AssertionError(f"{what or 'it'} did not come about on this screen:\n{screen_text(pilot)}")
        await pilot.pause(0.005)
    await pilot.pause()


def _opening(pilot: Pilot[Any]) -> bool:
    """Whether what the program asks for at its start (sparklines, past events) is still on its way."""
    return any(worker.group == "opening" and not worker.is_finished for worker in pilot.app.workers)


async def shown(pilot: Pilot[Any], text: str) -> None:
    """Wait until `text` is on the screen."""
    await until(pilot, lambda: text in screen_text(pilot), repr(text))


async def gone(pilot: Pilot[Any], text: str) -> None:
    """Wait until `text` is no longer on the screen."""
    await until(pilot, lambda: text not in screen_text(pilot), f"the end of {text!r}")


async def called(pilot: Pilot[Any], *call: Any) -> None:
    """Wait until the engine was asked for `call` (a verb and its first arguments)."""
    calls = pilot.app.engine.calls  # type: ignore[attr-defined]
    await until(pilot, lambda: any(made[: len(call)] == call for made in calls), f"{call} (there are {calls})")


def screen_text(pilot: Pilot[Any]) -> str:
    """What is painted, line by line, of all layers."""
    lines = pilot.app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in line) for line in lines)


def row_of(pilot: Pilot[Any], name: str) -> str:
    """The line of the screen on which `name` stands in the table."""
    for line in screen_text(pilot).split("\n"):
        if name in line[:30]:
            return line
    raise AssertionError(f"{name} is not on this screen:\n{screen_text(pilot)}")


async def select(pilot: Pilot[Any], name: str) -> None:
    """Put the cursor on a container."""
    screen = pilot.app.screen
    table = screen.table  # type: ignore[attr-defined]
    table.move_to_key(pilot.app.engine.containers.get(name).id)  # type: ignore[attr-defined]
    await pilot.pause()
