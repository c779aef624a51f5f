"""The scripted engine as one that fails: what is named raises in place of its answer, until it is healed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.doubles.scripted.engine import ScriptedEngine, ScriptedMetrics
from tuicont.core.engine.api import Engine
from tuicont.core.model.snapshot import Snapshot

FACETS = tuple(name for name, part in vars(Engine).items() if isinstance(part, property))
"""All that an engine has."""


class MovingMetrics(ScriptedMetrics):
    """Each snapshot is a second later."""

    def snapshot(self) -> Snapshot:
        self._world.tick()
        return super().snapshot()


class Facet:
    """A facet of the engine, each method of which may fail."""

    def __init__(self, engine: FailingEngine, name: str, facet: object) -> None:
        self._engine = engine
        self._name = name
        self._facet = facet

    def __getattr__(self, method: str) -> Callable[..., Any]:
        answer = getattr(self._facet, method)

        def answered(*arguments: Any, **named: Any) -> Any:
            failing = self._engine.failing
            error = failing.get(f"{self._name}.{method}") or failing.get(self._name)
            if error is not None:
                raise error
            return answer(*arguments, **named)

        return answered


class FailingEngine(ScriptedEngine):
    """`failing` has what is raised, by facet ("views") or by method ("views.processes")."""

    def __init__(self, count: int = 5) -> None:
        super().__init__(count)
        self.metrics = MovingMetrics(self)
        self.failing: dict[str, Exception] = {}
        for name in FACETS:
            setattr(self, name, Facet(self, name, getattr(self, name)))
