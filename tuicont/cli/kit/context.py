"""What every verb is given: the global options, and the engine when it is first used."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tuicont.core.errors import Denied

if TYPE_CHECKING:
    from tuicont.core.engine.api import Engine


class Context:
    """The global options. `engine` opens on first use, so that help and completion need no privilege."""

    def __init__(self, *, root: str | None = None, run_root: str | None = None, config: str | None = None) -> None:
        self.root = root
        self.run_root = run_root
        self.config = config
        self._engine: Engine | None = None

    @property
    def engine(self) -> Engine:
        if self._engine is None:
            require_root()
            from tuicont.core.engine.open import open_engine

            self._engine = open_engine(self.root, self.run_root)
        return self._engine

    def close(self) -> None:
        if self._engine is not None:
            self._engine.close()
            self._engine = None


def require_root() -> None:
    """Raise `Denied` for anybody else than root."""
    if os.geteuid() != 0:
        raise Denied("open the engine", f"it needs root, and this is user {os.geteuid()}", hint="run it with sudo")
