"""Run the TUI on the scripted engine: `python -m tests.ui.play [COUNT]`; its clock follows the real one."""

from __future__ import annotations

import sys

from tests.doubles.scripted.engine import ScriptedEngine, ScriptedMetrics
from tuicont.app import run
from tuicont.config import Config
from tuicont.core.model.snapshot import Snapshot
from tuicont.opening import Opening


class MovingMetrics(ScriptedMetrics):
    """Each snapshot is a second later."""

    def snapshot(self) -> Snapshot:
        self._world.tick()
        return super().snapshot()


def moving(count: int) -> ScriptedEngine:
    engine = ScriptedEngine(count)
    engine.metrics = MovingMetrics(engine)
    return engine


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    sys.exit(run(Opening(lambda: moving(count)), Config()))
