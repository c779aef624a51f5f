"""The metrics tab: the engine's history when it is opened, then one more sample each tick."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType

from tuicont.actions import Scope
from tuicont.core.engine.api import Engine
from tuicont.core.model.container import Container
from tuicont.core.model.stats import Sample, Snapshot
from tuicont.engine_access import EngineAccess
from tuicont.presenters.details import metrics
from tuicont.presenters.details.line import Page
from tuicont.presenters.details.view import View
from tuicont.screens.details.pane import PagePane, PageTab
from tuicont.widgets.acting import Acting, Handlers, bindings_for

_KEPT = 24 * 3600


def _history(engine: Engine, ref: str) -> list[Sample]:
    return list(engine.metrics.history(ref))


TAB: PageTab[list[Sample]] = PageTab(id="metrics", present=metrics.page, load=_history)


class MetricsPane(Acting, PagePane[list[Sample]]):
    """Charts; `+` and `-` change how much time a point stands for."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_for(Scope.METRICS)

    def __init__(self, bridge: EngineAccess) -> None:
        super().__init__(bridge, TAB)
        self._scale = 0
        self.handlers: Handlers = {"longer": lambda: self._rescale(1), "shorter": lambda: self._rescale(-1)}

    def view_of(self, container: Container, snapshot: Snapshot) -> View[list[Sample]]:
        view = super().view_of(container, snapshot)
        history = view.data
        if history is not None and view.sample is not None:
            if not history or view.sample.time_ns > history[-1].time_ns:
                history.append(view.sample)
            if len(history) > _KEPT:
                del history[: len(history) - _KEPT]
        return view

    def present(self, view: View[list[Sample]]) -> Page:
        return metrics.page(view, metrics.SECONDS_A_POINT[self._scale])

    def _rescale(self, step: int) -> None:
        self._scale = min(max(self._scale + step, 0), len(metrics.SECONDS_A_POINT) - 1)
        self.draw()
