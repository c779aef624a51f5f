"""The tabs of a container in their order: which presenter draws each, and how often the engine is asked."""

from __future__ import annotations

from tuicont.presenters.details import cgroup, inspect, layers, mounts, namespaces, overview, processes
from tuicont.screens.details.pane import PageTab

_SECOND = 1_000_000_000
# A tick comes a little early or late: asked for after 0.9 s, each tick asks once.
_EACH_TICK = 9 * _SECOND // 10

PAGES = (
    PageTab("overview", "overview", "overview", overview.page),
    PageTab(
        "processes",
        "processes",
        "procs",
        processes.page,
        lambda engine, ref: engine.views.processes(ref),
        _EACH_TICK,
        "it has no processes",
    ),
    PageTab(
        "cgroup",
        "cgroup",
        "cgroup",
        cgroup.page,
        lambda engine, ref: engine.views.cgroup_files(ref),
        _EACH_TICK,
        "it has no cgroup",
    ),
    PageTab(
        "namespaces",
        "namespaces",
        "ns",
        namespaces.page,
        lambda engine, ref: (engine.views.namespaces(ref), engine.views.links(ref)),
        5 * _EACH_TICK,
        "it has no namespaces",
    ),
    PageTab("layers", "layers", "layers", layers.page, lambda engine, ref: engine.views.layers(ref), 2 * _EACH_TICK),
    PageTab(
        "mounts",
        "mounts",
        "mounts",
        mounts.page,
        lambda engine, ref: engine.views.mounts(ref),
        5 * _EACH_TICK,
        "nothing is mounted",
    ),
    PageTab("inspect", "inspect", "inspect", inspect.page, lambda engine, ref: engine.containers.inspect(ref)),
)
