"""Everything about plans that the native runtime needs, in one place to import it from: only verbs that make a process
need any of it.

Pure but for the compiler of filters, which may read its cache.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tuicont.core.cgroup.base import Placement
from tuicont.core.errors import EngineError
from tuicont.core.model.host import HostFacts
from tuicont.core.runtime import ops
from tuicont.core.runtime.base import Bundle, Waits
from tuicont.core.runtime.native.plan import clone_flags, command_plan, container_plan, exec_plan
from tuicont.core.runtime.native.plan_process import FilterCompiler
from tuicont.core.runtime.native.reject import reject
from tuicont.core.runtime.ops.failure import failure
from tuicont.core.runtime.ops.order import order
from tuicont.core.runtime.ops.watch import watch
from tuicont.core.shim.births import Explain, Watch
from tuicont.core.shim.plan import Order
from tuicont.core.shim.wire import Failed

Spec = Mapping[str, Any]


class Planner:
    """Turns specifications into orders to a shim. `root_target` is where roots are mounted."""

    def __init__(self, root_target: str, host: HostFacts, compile_filter: FilterCompiler) -> None:
        self._root_target = root_target
        self._host = host
        self._compile_filter = compile_filter

    def container(self, bundle: Bundle, *, create: bool) -> ops.Plan:
        """The birth of a container. Raises `Unsupported` or `Invalid` for what cannot be carried out."""
        return container_plan(
            bundle.spec,
            root_mounts=bundle.root_mounts,
            root_target=self._root_target,
            placement=bundle.placement,
            host=self._host,
            compile_filter=self._compile_filter,
            create=create,
        )

    def clone_flags(self, spec: Spec) -> int:
        """The namespaces to make the init in. Raises as `container` does, before anything is made."""
        reject(spec)
        return clone_flags(spec)

    def birth(self, make: Callable[[], ops.Plan], waits: Waits, operation: str) -> tuple[Callable[[], Order], Watch]:
        """The order for the plan that `make` answers with, once the caller has done its part, and what the caller wants
        to see of it."""
        plan: ops.Plan = ()

        def wanted() -> Order:
            nonlocal plan
            waits.meanwhile()
            plan = make()
            return order(plan, operation)

        return wanted, watch(waits, lambda: plan)

    def process(self, process: Spec, spec: Spec, placement: Placement, operation: str) -> Order:
        """One more process in the container that `spec` describes."""
        plan = exec_plan(process, spec, placement, host=self._host, compile_filter=self._compile_filter)
        return order(plan, operation)

    def explain_start(self, spec: Spec, operation: str) -> Explain:
        """What the failures of a created container's start are called, of whose plan only the end is known."""

        def explain(report: Failed) -> EngineError:
            plan = command_plan(spec, host=self._host, compile_filter=self._compile_filter)
            return failure(operation, plan, report)

        return explain
