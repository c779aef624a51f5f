"""What a caller wants to see of a birth, between operations and the indices that the shim knows them by. Pure."""

from __future__ import annotations

from collections.abc import Callable

from tuicont.core.runtime import ops
from tuicont.core.runtime.base import DoneStep, Step, Waits
from tuicont.core.shim.births import Watch
from tuicont.core.shim.wire import Traced


def watch(waits: Waits, plan: Callable[[], ops.Plan]) -> Watch:
    """`plan` answers with the operations once they are known."""
    step, observe = waits.step, waits.observe

    def before(index: int) -> bool:
        operations = plan()
        operation = operations[index]
        assert step is not None
        return step(Step(index=index, count=len(operations), part=operation.part, text=operation.describe()))

    def after(traced: tuple[Traced, ...]) -> None:
        operations = plan()
        assert observe is not None
        observe(tuple(_done(operations, record) for record in traced))

    return Watch(born=waits.born, step=before if step else None, observe=after if observe else None)


def _done(plan: ops.Plan, record: Traced) -> DoneStep:
    operation = plan[record.index]
    return DoneStep(
        index=record.index,
        count=len(plan),
        part=operation.part,
        text=operation.describe(),
        began_ns=record.began_ns,
        nanoseconds=max(0, record.ended_ns - record.began_ns),
        errno=record.errno,
    )
