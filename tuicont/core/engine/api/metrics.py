"""What containers use: now, and over the last minutes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from tuicont.core.model.series import Series
    from tuicont.core.model.snapshot import Snapshot
    from tuicont.core.model.stats import Sample

ALL_TIME = 1 << 62
"""No sample is as late as this."""


class Metrics(Protocol):
    """`engine.metrics`."""

    def snapshot(self) -> Snapshot:
        """Containers, samples and rates now; rates are since this engine's previous snapshot."""

    def refreshed(self, last: Snapshot) -> Snapshot:
        """`last` with the containers and their limits as they are now; samples and rates stay."""

    def sample(self, ref: str) -> Sample:
        """One fresh sample. Raises `Conflict` for a container that does not run."""

    def history(self, ref: str, from_ns: int = 0, to_ns: int = ALL_TIME) -> Series:
        """The samples kept for a container, from one time (ns since the epoch) on and before another: about one a
        second of the last ten minutes, across restarts; before them one a minute of the last day, as far as this
        engine has taken them."""
