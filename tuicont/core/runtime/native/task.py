"""A container that the native runtime has started. Implements `runtime.base.Task`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tuicont.core.cgroup.base import Placement
from tuicont.core.runtime import ops
from tuicont.core.runtime.kept import KeptTask
from tuicont.core.runtime.ops.failure import failure
from tuicont.core.runtime.ops.order import order
from tuicont.core.shim import wire
from tuicont.core.shim.keeper import Kept
from tuicont.core.shim.plan import PlanHead
from tuicont.core.shim.session import ShimSession

Spec = Mapping[str, Any]


class NativeTask(KeptTask):
    """`plan_exec` makes the plan of one more process (its object, the specification, the placement), `plan_command`
    that of what is left of a birth once the container is created."""

    def __init__(
        self,
        container_id: str,
        run_dir: str,
        kept: Kept,
        *,
        released: Callable[[], None],
        plan_exec: Callable[[Spec, Spec, Placement], ops.Plan],
        plan_command: Callable[[Spec], ops.Plan],
    ) -> None:
        super().__init__(container_id, run_dir, kept, released=released)
        self._plan_exec = plan_exec
        self._plan_command = plan_command

    def start(self, spec: Spec) -> None:
        """See `Task`."""
        operation = f"start {self._id[:12]}"
        self._let_start(lambda report: failure(operation, self._plan_command(spec), report), operation)

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
        return self._add(head, order(self._plan_exec(process, spec, placement), operation), operation, stdin=stdin)
