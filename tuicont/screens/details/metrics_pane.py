"""The metrics tab: the engine's history of the container, and each snapshot's newest samples behind it."""

from __future__ import annotations

from typing import ClassVar

import msgspec
from textual.binding import BindingType

from tuicont.actions import Scope
from tuicont.core.engine.api import Engine
from tuicont.core.model.container import Container
from tuicont.core.model.series import Series
from tuicont.core.model.snapshot import Snapshot
from tuicont.engine_access import EngineAccess
from tuicont.presenters.details import metrics
from tuicont.presenters.details.line import Page
from tuicont.presenters.details.view import View
from tuicont.screens.details.pane import PagePane, PageTab
from tuicont.widgets.acting import Acting, Handlers, bindings_for

_EVERY_NS = 15_000_000_000
"""A snapshot's newest samples reach back further: there is no hole between the two."""


def _history(engine: Engine, ref: str) -> Series:
    return engine.metrics.history(ref)


TAB: PageTab[Series] = PageTab(id="metrics", present=metrics.page, load=_history, every_ns=_EVERY_NS)


class MetricsPane(Acting, PagePane[Series]):
    """Charts; `+` and `-` change how much time a point stands for."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_for(Scope.METRICS)

    def __init__(self, bridge: EngineAccess) -> None:
        super().__init__(bridge, TAB)
        self._scale = 0
        self.handlers: Handlers = {"longer": lambda: self._rescale(1), "shorter": lambda: self._rescale(-1)}

    def view_of(self, container: Container, snapshot: Snapshot) -> View[Series]:
        view = super().view_of(container, snapshot)
        recent = snapshot.recent.get(container.id)
        return (
            view
            if view.data is None or recent is None
            else msgspec.structs.replace(view, data=view.data.joined(recent))
        )

    def present(self, view: View[Series]) -> Page:
        return metrics.page(view, metrics.SECONDS_A_POINT[self._scale])

    def _rescale(self, step: int) -> None:
        self._scale = min(max(self._scale + step, 0), len(metrics.SECONDS_A_POINT) - 1)
        self.draw()
