"""What every verb is given: the global options, and the engine when it is first used."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tuicont.core.engine.privilege import require_root

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
            self._engine = self.opener()()
        return self._engine

    def opener(self) -> Callable[[], Engine]:
        """What opens the engine that the options ask for: some while, and in whichever thread. Who may not is told
        now, by `Denied`."""
        require_root()

        def open_it() -> Engine:
            from tuicont.core.engine.open import open_engine

            return open_engine(self.root, self.run_root)

        return open_it

    def close(self) -> None:
        if self._engine is not None:
            self._engine.close()
            self._engine = None
