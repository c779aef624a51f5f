"""An engine in this process: its facets, and what has to be closed. Put together by `open.py`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuicont.core.engine.containers import LocalContainers
from tuicont.core.engine.feed.events import LocalEvents
from tuicont.core.engine.feed.metrics import LocalMetrics
from tuicont.core.engine.host import LocalHost
from tuicont.core.engine.live.files import LocalFiles
from tuicont.core.engine.live.tasks import LocalTasks
from tuicont.core.engine.live.views import LocalViews

if TYPE_CHECKING:
    from tuicont.core.image.service import ImageService


@dataclass(frozen=True)
class LocalEngine:
    """An `api.Engine`. `cgroup_parent` is the cgroup, below the mount of each hierarchy, that holds its containers'."""

    containers: LocalContainers
    tasks: LocalTasks
    views: LocalViews
    files: LocalFiles
    events: LocalEvents
    metrics: LocalMetrics
    host: LocalHost
    cgroup_parent: str
    open_images: Callable[[], ImageService]
    closing: Sequence[Callable[[], None]]

    @property
    def images(self) -> ImageService:
        return self.open_images()

    def close(self) -> None:
        for close in self.closing:
            close()
