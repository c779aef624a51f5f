"""How pytest-xdist gives out the tests: file by file, as tests/beside.py says."""

from __future__ import annotations

from xdist.scheduler import LoadFileScheduling
from xdist.workermanage import NodeManager, WorkerController

from tests.beside import LONG

NodeManager.EXIT_TIMEOUT = 60
"""Seconds in which an interrupted worker ends what its tests began, before it is killed."""


class Pieces(LoadFileScheduling):
    """Gives out files in the order of their tests."""

    def _assign_work_unit(self, node: WorkerController) -> None:
        """A worker that waits gets nothing more, as long as there are others."""
        waits = next(iter(self.workqueue)) in LONG
        super()._assign_work_unit(node)
        if waits and any(not other.shutting_down for other in self.nodes if other is not node):
            node.shutdown()
