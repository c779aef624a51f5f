"""A container that the native runtime has started. Implements `runtime.base.Task`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from tuicont.core.cgroup.base import Placement
from tuicont.core.runtime.kept import KeptTask
from tuicont.core.shim import wire
from tuicont.core.shim.keeper import Kept
from tuicont.core.shim.plan import PlanHead
from tuicont.core.shim.session import ShimSession

if TYPE_CHECKING:
    from tuicont.core.runtime.native.planner import Planner

Spec = Mapping[str, Any]


class NativeTask(KeptTask):
    """Its planner is asked for when there is something to plan."""

    def __init__(
        self,
        container_id: str,
        run_dir: str,
        kept: Kept,
        *,
        released: Callable[[], None],
        planner: Callable[[], Planner],
    ) -> None:
        super().__init__(container_id, run_dir, kept, released=released)
        self._planner = planner

    def start(self, spec: Spec) -> None:
        """See `Task`."""
        operation = f"start {self._id[:12]}"
        self._let_start(self._planner().explain_start(spec, operation), operation)

    def exec(
        self, process: Spec, spec: Spec, placement: Placement, *, exec_id: str, stdin: bool, rows: int, cols: int
    ) -> ShimSession:
        """See `Task`."""
        operation = f"exec in {self._id[:12]}"
        if process.get("terminal"):
            process = {**process, "consoleSize": {"height": rows, "width": cols}}
        head = PlanHead(
            flags=(wire.PLAN_STDIN if stdin else 0) | (wire.PLAN_TERMINAL if process.get("terminal") else 0),
            clone_into=placement.clone_into,
            exec_id=exec_id,
        )
        return self._add(head, self._planner().process(process, spec, placement, operation), operation, stdin=stdin)
