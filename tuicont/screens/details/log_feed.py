"""A thread that reads a container's log and hands it on in packed chunks, as fast as they are taken.

Knows no widget: `wake` is called, from the thread, when there is something to take.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from tuicont.core.engine.api import Engine, LogLines
from tuicont.core.errors import EngineError
from tuicont.core.model.container import LogQuery
from tuicont.screens.details.line_queue import LineQueue


class LogFeed:
    """Follows one log from its last `tail` lines on until `close`."""

    def __init__(self, engine: Engine, ref: str, tail: int, wake: Callable[[], None]) -> None:
        self._engine = engine
        self._ref = ref
        self._tail = tail
        self._wake = wake
        self._queue = LineQueue(self._call)
        self.take = self._queue.take
        self._closed = threading.Event()
        self._lines: LogLines | None = None
        self.ended = False
        self.error = ""
        threading.Thread(target=self._run, name="log-feed", daemon=True).start()

    def close(self) -> None:
        """Stop reading; nothing is handed on any more. May be repeated."""
        self._closed.set()
        self._queue.close()
        if self._lines is not None:
            self._lines.close()

    def _run(self) -> None:
        try:
            self._lines = self._engine.views.logs(self._ref, LogQuery(follow=True, tail=self._tail))
            if self._closed.is_set():  # before there was anything to close
                return
            for line in self._lines:
                if self._closed.is_set():
                    return
                self._queue.add(line)
        except EngineError as error:
            self.error = str(error)
        except RuntimeError:
            # The loop that `wake` calls into has ended, and the program with it.
            return
        self.ended = True
        self._call()

    def _call(self) -> None:
        if not self._closed.is_set():
            self._wake()
