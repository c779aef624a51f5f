"""Run the TUI on the scripted engine: `python -m tests.ui.play [COUNT]`; its clock follows the real one."""

from __future__ import annotations

import sys

from tests.doubles.failing import MovingMetrics
from tests.doubles.scripted.engine import ScriptedEngine
from tuicont.app import run
from tuicont.config import Config
from tuicont.opening import Opening


def moving(count: int) -> ScriptedEngine:
    engine = ScriptedEngine(count)
    engine.metrics = MovingMetrics(engine)
    return engine


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    sys.exit(run(Opening(lambda: moving(count)), Config()))
