"""A driver that does nothing but say whether it could: of any kind, for tests of which one is taken."""

from __future__ import annotations

from tuicont.core.model.probe import Probe


class ProbedDriver:
    """It could work unless it is called `broken`."""

    def __init__(self, name: str) -> None:
        self.name = name

    def probe(self) -> Probe:
        """As every driver's."""
        broken = self.name == "broken"
        return Probe(group="test", name=self.name, supported=not broken, reason="it is broken" if broken else "")
