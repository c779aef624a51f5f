"""How each facet of an engine is made of the parts that all share: the second half of the composition root.

Each has its own imports: most verbs need few facets, and importing them is what a short command waits for.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from tuicont.core.engine.bundles import Bundles
from tuicont.core.engine.containers import LocalContainers
from tuicont.core.engine.drivers import Drivers
from tuicont.core.engine.ends.ends import Ends
from tuicont.core.engine.ends.known import KnownTasks
from tuicont.core.engine.engine import Facets
from tuicont.core.engine.later import Later
from tuicont.core.engine.locks import Locks
from tuicont.core.engine.paths import Paths
from tuicont.core.engine.records import Records
from tuicont.core.engine.removal import Removal
from tuicont.core.events.doorbell import Doorbell
from tuicont.core.files.chores import Chores
from tuicont.core.model.host import HostFacts
from tuicont.core.store.store import Store

if TYPE_CHECKING:
    from tuicont.core.engine.births.create import Creation
    from tuicont.core.engine.births.specs import Specs
    from tuicont.core.engine.changes import Changes
    from tuicont.core.engine.feed.events import LocalEvents
    from tuicont.core.engine.feed.metrics import LocalMetrics
    from tuicont.core.engine.host import LocalHost
    from tuicont.core.engine.live.files import LocalFiles
    from tuicont.core.engine.live.tasks import LocalTasks
    from tuicont.core.engine.live.views import LocalViews
    from tuicont.core.image.service import ImageService


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """What the facets share. Nobody but this module and `open` is given all of it."""

    store: Store
    doorbell: Doorbell
    records: Records
    locks: Locks
    paths: Paths
    drivers: Drivers
    known: KnownTasks
    bundles: Bundles
    removal: Removal
    ends: Ends
    chores: Chores
    host: HostFacts
    parent: str
    images: Callable[[], ImageService]
    specs: Callable[[], Specs]


def facets_of(parts: Parts, *, metrics: Callable[[], LocalMetrics], host: Callable[[], LocalHost]) -> Facets:
    """All of them; each but the containers is made when it is first asked for."""
    containers = _containers(parts)
    return Facets(
        containers=lambda: containers,
        tasks=Later(partial(_tasks, parts)),
        views=Later(partial(_views, parts)),
        files=Later(partial(_files, parts)),
        images=parts.images,
        events=Later(partial(_events, parts)),
        metrics=metrics,
        host=host,
    )


def _containers(parts: Parts) -> LocalContainers:
    creation, changes = Later(partial(_creation, parts)), Later(partial(_changes, parts))
    return LocalContainers(
        parts.records,
        parts.locks,
        parts.paths,
        parts.drivers,
        parts.bundles,
        creation,
        changes,
        parts.ends,
        parts.removal,
        parts.images,
    )


def _creation(parts: Parts) -> Creation:
    from tuicont.core.engine.births.create import Creation
    from tuicont.core.image.finding import Finder

    return Creation(
        parts.records,
        parts.locks,
        parts.paths,
        parts.drivers,
        parts.bundles,
        parts.removal,
        parts.specs(),
        Finder(parts.store, parts.images),
        parts.parent,
    )


def _changes(parts: Parts) -> Changes:
    from tuicont.core.engine.changes import Changes

    return Changes(parts.records, parts.locks, parts.drivers, parts.bundles, parts.host)


def _tasks(parts: Parts) -> LocalTasks:
    from tuicont.core.engine.births.starts import Starts
    from tuicont.core.engine.live.sessions import Sessions
    from tuicont.core.engine.live.tasks import LocalTasks

    records, locks, drivers, known, ends = parts.records, parts.locks, parts.drivers, parts.known, parts.ends
    specs, bundles = parts.specs(), parts.bundles
    starts = Starts(records, locks, parts.paths, drivers, known, bundles, specs, ends, parts.chores)
    return LocalTasks(records, locks, drivers, known, starts, ends, Sessions(records, drivers, bundles, specs))


def _views(parts: Parts) -> LocalViews:
    from tuicont.core.engine.live.views import LocalViews

    return LocalViews(parts.records, parts.paths, parts.drivers, parts.ends, parts.images)


def _files(parts: Parts) -> LocalFiles:
    from tuicont.core.engine.live.files import LocalFiles

    return LocalFiles(parts.records, parts.locks, parts.drivers, parts.bundles)


def _events(parts: Parts) -> LocalEvents:
    from tuicont.core.engine.feed.events import LocalEvents

    return LocalEvents(parts.store, parts.doorbell, parts.ends)


def metrics_of(parts: Parts) -> LocalMetrics:
    """The one facet that has something to be closed."""
    from tuicont.core.engine.feed.metrics import LocalMetrics

    return LocalMetrics(parts.records, parts.locks, parts.drivers, parts.bundles, parts.ends)
