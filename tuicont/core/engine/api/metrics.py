"""What containers use: now, and over the last minutes."""

from __future__ import annotations

from typing import Protocol

from tuicont.core.model.stats import Sample, Snapshot


class Metrics(Protocol):
    """`engine.metrics`."""

    def snapshot(self) -> Snapshot:
        """Containers, samples and rates now; rates are since this engine's previous snapshot."""

    def refreshed(self, last: Snapshot) -> Snapshot:
        """`last` with the containers and their limits as they are now; samples and rates stay."""

    def sample(self, ref: str) -> Sample:
        """One fresh sample. Raises `Conflict` for a container that does not run."""

    def history(self, ref: str) -> tuple[Sample, ...]:
        """The samples kept for a container, oldest first, about one a second."""
