"""An engine being opened in a thread, while the interface is still being imported. Knows no interface."""

from __future__ import annotations

import threading
from collections.abc import Callable

from tuicont.core.engine.api import Engine
from tuicont.core.errors import Conflict


class Opening:
    """Begins when it is made."""

    def __init__(self, opener: Callable[[], Engine]) -> None:
        self._opener = opener
        self._engine: Engine | None = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._open, name="engine-opener", daemon=True)
        self._thread.start()

    def _open(self) -> None:
        try:
            self._engine = self._opener()
        except BaseException as error:
            self._error = error

    def result(self) -> Engine:
        """Wait for it. Raises what opening raised."""
        self._thread.join()
        if self._engine is None:
            raise self._error or Conflict("open the engine", "the opener gave none")
        return self._engine
