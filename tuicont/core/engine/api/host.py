"""The engine itself and the machine below it."""

from __future__ import annotations

from typing import Protocol

from tuicont.core.model.host import HostUsage
from tuicont.core.model.probe import EngineInfo, Probe


class Host(Protocol):
    """`engine.host`."""

    def info(self) -> EngineInfo:
        """Where the engine keeps what, and what it counts there."""

    def usage(self) -> HostUsage:
        """What the host has left of memory and disk, and how busy it is."""

    def doctor(self) -> tuple[Probe, ...]:
        """What this kernel offers and which drivers work, with the reason for each that does not."""

    def config(self) -> tuple[tuple[str, str, str], ...]:
        """The engine's own settings as (name, value, where it comes from)."""
