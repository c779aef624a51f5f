"""What was repaired when an engine was opened: kept for who opened it, and told as events."""

from __future__ import annotations

import contextlib

from tuicont.core.engine.records import Records
from tuicont.core.errors import EngineError
from tuicont.core.model.event import Topic


class Notes:
    """`lines` has them in order."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self.lines: list[str] = []

    def say(self, line: str) -> None:
        """One more, of what was found and left as it is."""
        self.lines.append(line)

    def add(self, line: str) -> None:
        """One more, of what was done."""
        self.lines.append(line)
        # On a disk that cannot be written it is told all the same.
        with contextlib.suppress(EngineError), self._records.transaction() as transaction:
            transaction.event(Topic.ENGINE_REPAIR, "", "engine", {"what": line})
