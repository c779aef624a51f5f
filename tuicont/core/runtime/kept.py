"""A task as every runtime here has it: kept by a shim, with its state in the runtime's words."""

from __future__ import annotations

from tuicont.core.runtime.base import TaskState
from tuicont.core.shim.task import ShimTask
from tuicont.core.shim.wire import State

_STATES = {
    State.BEING_BORN: TaskState.STARTING,
    State.WAITING: TaskState.CREATED,
    State.RUNNING: TaskState.RUNNING,
    State.ENDED: TaskState.ENDED,
}


class KeptTask(ShimTask):
    """Implements `runtime.base.Task` but for `start` and `exec`."""

    @property
    def state(self) -> TaskState:
        """See `Task`."""
        return _STATES[self.kept_state]
