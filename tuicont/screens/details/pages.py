"""The tabs that are one page, but for the overview: which presenter draws each, and how often the engine is asked for
it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tuicont.core.engine.api import LayerView
from tuicont.core.model.container import CgroupFile, Link, MountEntry, Namespace, Process
from tuicont.presenters.details import cgroup, inspect, layers, mounts, namespaces, processes
from tuicont.presenters.details.line import Line
from tuicont.screens.details.pane import PageTab

_SECOND = 1_000_000_000
# A tick comes a little early or late: asked for after 0.9 s, each tick asks once.
_EACH_TICK = 9 * _SECOND // 10

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
INSPECT: PageTab[tuple[Line, ...]] = PageTab(
    id="inspect", present=inspect.page, load=lambda engine, ref: inspect.document(engine.containers.inspect(ref))
)

PAGES: dict[str, PageTab[Any]] = {page.id: page for page in (PROCESSES, CGROUP, NAMESPACES, LAYERS, MOUNTS, INSPECT)}
