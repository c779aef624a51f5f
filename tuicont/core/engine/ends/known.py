"""The tasks that this process knows: each is a connection to a shim, made by starting one or by finding it again."""

from __future__ import annotations

import threading

from tuicont.core.engine.drivers import Drivers
from tuicont.core.engine.paths import Paths
from tuicont.core.model.container import Container
from tuicont.core.runtime.base import Task


class KnownTasks:
    """Safe from any thread."""

    def __init__(self, drivers: Drivers, paths: Paths) -> None:
        self._drivers = drivers
        self._paths = paths
        self._known: dict[str, Task] = {}
        self._lock = threading.Lock()

    def remember(self, container_id: str, task: Task) -> None:
        """Keep a task that was just started or found."""
        with self._lock:
            self._known[container_id] = task

    def forget(self, container_id: str) -> Task | None:
        """Stop knowing a task."""
        with self._lock:
            return self._known.pop(container_id, None)

    def find(self, container: Container) -> Task | None:
        """The container's task, from its shim if need be; None when there is no shim any more. One of an earlier start,
        which another process has ended since, is not it."""
        with self._lock:
            task = self._known.get(container.id)
        if task is not None and task.pid == container.pid:
            return task
        if (task := self.load(container)) is not None:
            self.remember(container.id, task)
        return task

    def load(self, container: Container) -> Task | None:
        """The task whose shim there is now, asked anew."""
        return self._drivers.keeping_runtime(container.runtime).load(container.id, self._paths.task(container.id))
