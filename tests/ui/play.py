"""Run the TUI on the scripted engine: `python -m tests.ui.play [COUNT]`; its clock follows the real one."""

from __future__ import annotations

import sys

from tests.doubles.scripted import ScriptedEngine
from tuicont.app import run
from tuicont.bridge import Opening
from tuicont.config import Config
from tuicont.core.model.stats import Snapshot


class Moving(ScriptedEngine):
    """Each snapshot is a second later."""

    def snapshot(self) -> Snapshot:
        self.tick()
        return super().snapshot()


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    sys.exit(run(Opening(lambda: Moving(count)), Config()))
