"""The tabs of a container in their order: what each is called, and what makes its pane when it is first shown.

Which presenter draws a page, and how often the engine is asked for it, is said here too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tuicont.core.engine.api import LayerView
from tuicont.core.model.container import CgroupFile, Link, MountEntry, Namespace, Process
from tuicont.engine_access import EngineAccess
from tuicont.presenters.details import cgroup, inspect, layers, mounts, namespaces, overview, processes
from tuicont.screens.details.logs_pane import LogsPane
from tuicont.screens.details.metrics_pane import MetricsPane
from tuicont.screens.details.pane import PagePane, PageTab, Pane, T

_SECOND = 1_000_000_000
# A tick comes a little early or late: asked for after 0.9 s, each tick asks once.
_EACH_TICK = 9 * _SECOND // 10

OVERVIEW: PageTab[None] = PageTab(id="overview", present=overview.page)
PROCESSES: PageTab[Sequence[Process]] = PageTab(
    id="processes",
    present=processes.page,
    load=lambda engine, ref: engine.views.processes(ref),
    every_ns=_EACH_TICK,
    dead="it has no processes",
)
CGROUP: PageTab[Sequence[CgroupFile]] = PageTab(
    id="cgroup",
    present=cgroup.page,
    load=lambda engine, ref: engine.views.cgroup_files(ref),
    every_ns=_EACH_TICK,
    dead="it has no cgroup",
)
NAMESPACES: PageTab[tuple[Sequence[Namespace], Sequence[Link]]] = PageTab(
    id="namespaces",
    present=namespaces.page,
    load=lambda engine, ref: (engine.views.namespaces(ref), engine.views.links(ref)),
    every_ns=5 * _EACH_TICK,
    dead="it has no namespaces",
)
LAYERS: PageTab[LayerView] = PageTab(
    id="layers", present=layers.page, load=lambda engine, ref: engine.views.layers(ref), every_ns=2 * _EACH_TICK
)
MOUNTS: PageTab[Sequence[MountEntry]] = PageTab(
    id="mounts",
    present=mounts.page,
    load=lambda engine, ref: engine.views.mounts(ref),
    every_ns=5 * _EACH_TICK,
    dead="nothing is mounted",
)
INSPECT: PageTab[dict[str, Any]] = PageTab(
    id="inspect", present=inspect.page, load=lambda engine, ref: engine.containers.inspect(ref)
)


@dataclass(frozen=True, slots=True)
class Tab:
    """A tab by its id, which is its title, and by its `short` title where not all titles fit."""

    id: str
    make: Callable[[EngineAccess], Pane]
    short: str = ""


def _page(tab: PageTab[T], short: str = "") -> Tab:
    return Tab(tab.id, lambda bridge: PagePane(bridge, tab), short)


TABS: tuple[Tab, ...] = (
    _page(OVERVIEW),
    Tab("logs", LogsPane),
    _page(PROCESSES, "procs"),
    Tab("metrics", MetricsPane),
    _page(CGROUP),
    _page(NAMESPACES, "ns"),
    _page(LAYERS),
    _page(MOUNTS),
    _page(INSPECT),
)
