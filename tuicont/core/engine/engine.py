"""An engine in this process: its facets, and what has to be closed. Put together by `open.py`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from tuicont.core.engine.containers import LocalContainers
    from tuicont.core.engine.feed.events import LocalEvents
    from tuicont.core.engine.feed.metrics import LocalMetrics
    from tuicont.core.engine.host import LocalHost
    from tuicont.core.engine.live.files import LocalFiles
    from tuicont.core.engine.live.tasks import LocalTasks
    from tuicont.core.engine.live.views import LocalViews
    from tuicont.core.image.service import ImageService


class Facets(msgspec.Struct, frozen=True, kw_only=True):
    """What makes each facet, or finds the one that was made."""

    containers: Callable[[], LocalContainers]
    tasks: Callable[[], LocalTasks]
    views: Callable[[], LocalViews]
    files: Callable[[], LocalFiles]
    images: Callable[[], ImageService]
    events: Callable[[], LocalEvents]
    metrics: Callable[[], LocalMetrics]
    host: Callable[[], LocalHost]


class LocalEngine:
    """An `api.Engine`. `cgroup_parent` is the cgroup, below the mount of each hierarchy, that holds its containers'."""

    def __init__(self, facets: Facets, cgroup_parent: str, closing: Sequence[Callable[[], None]]) -> None:
        self._facets = facets
        self.cgroup_parent = cgroup_parent
        self._closing = closing

    @property
    def containers(self) -> LocalContainers:
        return self._facets.containers()

    @property
    def tasks(self) -> LocalTasks:
        return self._facets.tasks()

    @property
    def views(self) -> LocalViews:
        return self._facets.views()

    @property
    def files(self) -> LocalFiles:
        return self._facets.files()

    @property
    def images(self) -> ImageService:
        return self._facets.images()

    @property
    def events(self) -> LocalEvents:
        return self._facets.events()

    @property
    def metrics(self) -> LocalMetrics:
        return self._facets.metrics()

    @property
    def host(self) -> LocalHost:
        return self._facets.host()

    def close(self) -> None:
        for close in self._closing:
            close()
