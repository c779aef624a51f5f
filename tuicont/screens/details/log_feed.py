"""A thread that reads a container's log and hands it on in packed chunks, as fast as they are taken.

Knows no widget: `wake` is called, from the thread, when there is something to take.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from tuicont.core.engine.api import Engine, LogLines
from tuicont.core.model.container import LogQuery
from tuicont.screens.details.line_queue import LineQueue


class LogFeed:
    """Follows one log from its last `tail` lines on, or from those since a time, until `close`. It has `ended` when
    there are no more lines, or when reading them failed: then `error` says how."""

    def __init__(
        self, engine: Engine, ref: str, tail: int, wake: Callable[[], None], *, since_ns: int | None = None
    ) -> None:
        self._engine = engine
        self._ref = ref
        self._query = LogQuery(follow=True, tail=tail if since_ns is None else None, since_ns=since_ns)
        self._wake = wake
        self._queue = LineQueue(self._call)
        self.take = self._queue.take
        self._closed = threading.Event()
        self._lines: LogLines | None = None
        self.ended = False
        self.error: Exception | None = None
        threading.Thread(target=self._run, name="log-feed", daemon=True).start()

    def close(self) -> None:
        """Stop reading; nothing is handed on any more. May be repeated."""
        self._closed.set()
        self._queue.close()
        if self._lines is not None:
            self._lines.close()

    def _run(self) -> None:
        try:
            self._read()
        except Exception as error:  # of whatever kind: a thread that ends in silence looks like a log without lines
            self.error = error
        self.ended = True
        self._call()

    def _read(self) -> None:
        self._lines = self._engine.views.logs(self._ref, self._query)
        self._call()
        if self._closed.is_set():  # before there was anything to close
            return
        for line in self._lines:
            if self._closed.is_set():
                return
            self._queue.add(line)

    def _call(self) -> None:
        if not self._closed.is_set():
            try:
                self._wake()
            except RuntimeError:  # the loop that it calls into has ended, and the program with it
                self._closed.set()
