"""The tabs of a container in their order: what each is called, and what makes its pane when it is first shown.

A pane is imported then too: the first picture has the overview alone.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from tuicont.engine_access import EngineAccess
from tuicont.presenters.details import overview
from tuicont.screens.details.pane import PagePane, PageTab, Pane

OVERVIEW: PageTab[None] = PageTab(id="overview", present=overview.page)


class Tab(msgspec.Struct, frozen=True):
    """A tab by its id, which is its title, and by its `short` title where not all titles fit."""

    id: str
    make: Callable[[EngineAccess], Pane]
    short: str = ""


def _page(tab: str, short: str = "") -> Tab:
    def make(bridge: EngineAccess) -> Pane:
        from tuicont.screens.details.pages import PAGES

        return PagePane(bridge, PAGES[tab])

    return Tab(tab, make, short)


def _logs(bridge: EngineAccess) -> Pane:
    from tuicont.screens.details.logs_pane import LogsPane

    return LogsPane(bridge)


def _metrics(bridge: EngineAccess) -> Pane:
    from tuicont.screens.details.metrics_pane import MetricsPane

    return MetricsPane(bridge)


TABS: tuple[Tab, ...] = (
    Tab(OVERVIEW.id, lambda bridge: PagePane(bridge, OVERVIEW)),
    Tab("logs", _logs),
    _page("processes", "procs"),
    Tab("metrics", _metrics),
    _page("cgroup"),
    _page("namespaces", "ns"),
    _page("layers"),
    _page("mounts"),
    _page("inspect"),
)
