"""An engine being opened in a thread, while the interface is still being imported, and the states of its containers.

Knows no interface.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable

from tuicont.core.engine.api import Engine
from tuicont.core.errors import Conflict
from tuicont.core.model.snapshot import Snapshot


class Opening:
    """Begins when it is made. `engine` and `snapshot`, which has names and states alone, are None until they are there;
    the first picture has them when it comes later."""

    def __init__(self, opener: Callable[[], Engine]) -> None:
        self._opener = opener
        self.engine: Engine | None = None
        self.snapshot: Snapshot | None = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._open, name="engine-opener", daemon=True)
        self._thread.start()

    def _open(self) -> None:
        try:
            engine = self._opener()
            # What fails now is told by the first sample.
            with contextlib.suppress(Exception):
                self.snapshot = engine.metrics.refreshed(_nothing())
            self.engine = engine
        except BaseException as error:
            self._error = error

    def result(self) -> Engine:
        """Wait for it. Raises what opening raised."""
        self._thread.join()
        if self.engine is None:
            raise self._error or Conflict("open the engine", "the opener gave none")
        return self.engine


def _nothing() -> Snapshot:
    return Snapshot(time_ns=time.time_ns(), containers=(), limits={}, samples={}, rates={}, recent={})
