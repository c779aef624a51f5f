"""The native runtime: the specification becomes a plan, and a shim carries it out. Implements `Runtime`.

Knows nothing of images, stores or networks.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from tuicont.core.model.host import HostFacts
from tuicont.core.model.probe import Probe
from tuicont.core.runtime.base import Bundle, Waits
from tuicont.core.shim.keeper import Keeper, Kept
from tuicont.core.shim.records import remove_run_directory

if TYPE_CHECKING:
    from tuicont.core.runtime import ops
    from tuicont.core.runtime.native.plan_process import FilterCompiler
    from tuicont.core.runtime.native.planner import Planner
    from tuicont.core.runtime.native.task import NativeTask
    from tuicont.core.shim.plan import PlanHead

_NO_WAITS = Waits()


class NativeRuntime:
    """Starts containers with shims. `root_target` is an empty directory at which each container mounts its root, in its
    own mount namespace."""

    name = "native"

    def __init__(self, root_target: str, *, host: HostFacts, compile_filter: FilterCompiler) -> None:
        self._root_target = root_target
        self._host = host
        self._compile_filter = compile_filter
        self._keeper = Keeper()

    @cached_property
    def _planner(self) -> Planner:
        # Imported when the first process is made: most verbs make none, and it is half of what a runtime costs them.
        from tuicont.core.runtime.native.planner import Planner

        return Planner(self._root_target, self._host, self._compile_filter)

    def probe(self) -> Probe:
        """See `Runtime`."""
        return self._keeper.probe(self.name)

    def plan(self, bundle: Bundle, *, create: bool = False) -> ops.Plan:
        """What `start` (or `create`) would carry out, with nothing done: the dry run."""
        return self._planner.container(bundle, create=create)

    def start(self, bundle: Bundle, waits: Waits = _NO_WAITS) -> NativeTask:
        """See `Runtime`."""
        return self._birth(bundle, waits, create=False)

    def create(self, bundle: Bundle, waits: Waits = _NO_WAITS) -> NativeTask:
        """See `Runtime`."""
        return self._birth(bundle, waits, create=True)

    def alive(self, run_dir: str) -> bool:
        """See `Runtime`."""
        return self._keeper.alive(run_dir)

    def load(self, container_id: str, run_dir: str) -> NativeTask | None:
        """See `Runtime`."""
        kept = self._keeper.find(container_id, run_dir)
        return None if kept is None else self._task(container_id, run_dir, kept)

    def clean(self, container_id: str, run_dir: str) -> None:
        """See `Runtime`."""
        remove_run_directory(run_dir)

    def _birth(self, bundle: Bundle, waits: Waits, *, create: bool) -> NativeTask:
        head = self._head(bundle, waits.patience)
        operation = f"start {bundle.id[:12]}"
        order, watch = self._planner.birth(lambda: self.plan(bundle, create=create), waits, operation)
        kept = self._keeper.start(
            bundle.id,
            head,
            order,
            run_dir=bundle.run_dir,
            cgroup=bundle.shim_placement.clone_into,
            guard=bundle.guard,
            snapshot=bundle.snapshot,
            watch=watch,
            idly=waits.idly,
        )
        return self._task(bundle.id, bundle.run_dir, kept)

    def _head(self, bundle: Bundle, patience: float) -> PlanHead:
        from tuicont.core.shim import wire
        from tuicont.core.shim.plan import PlanHead

        return PlanHead(
            clone_flags=self._planner.clone_flags(bundle.spec),
            flags=(wire.PLAN_STDIN if bundle.stdin_open else 0)
            | (wire.PLAN_REAPER if bundle.reaper else 0)
            | (wire.PLAN_HOLD if bundle.hold_output else 0)
            | (wire.PLAN_TERMINAL if bundle.spec["process"].get("terminal") else 0),
            clone_into=bundle.placement.clone_into,
            exit_path=bundle.exit_path,
            log_path=bundle.log_path,
            log=bundle.log,
            enter=bundle.shim_placement.enter,
            patience_ms=round(patience * 1000),
        )

    def _task(self, container_id: str, run_dir: str, kept: Kept) -> NativeTask:
        from tuicont.core.runtime.native.task import NativeTask  # here, as most verbs only ask whether one is alive

        return NativeTask(container_id, run_dir, kept, released=self._keeper.reap, planner=lambda: self._planner)
