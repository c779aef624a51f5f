"""The two threads between a pane and a `Session`: one reads, one writes, so that neither blocks the screen.

Knows no widget: `output` and `ended` are called from the reading thread, `told` (which words an error) from either.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue

from tuicont.core.engine.api import Session
from tuicont.core.errors import EngineError
from tuicont.core.model.container import ExitStatus

_LOOK_S = 0.5
_WAITING_MOST = 4 << 20


class SessionLink:
    """Owns a session from now on."""

    def __init__(
        self,
        session: Session,
        output: Callable[[int, bytes], None],
        ended: Callable[[ExitStatus | None, str], None],
        told: Callable[[BaseException], str],
    ) -> None:
        self._session = session
        self._output = output
        self._ended = ended
        self._told = told
        self._queue: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._waiting = 0
        self._closed = False
        threading.Thread(target=self._read, name="session-reader", daemon=True).start()
        threading.Thread(target=self._write, name="session-writer", daemon=True).start()

    def send(self, data: bytes) -> bool:
        """Give the process input, soon; False when it has not taken so much before that more is refused."""
        if self._waiting + len(data) > _WAITING_MOST:
            return False
        self._waiting += len(data)

        def write() -> None:
            self._waiting -= len(data)
            self._session.write(data)

        self._queue.put(write)
        return True

    def end_input(self) -> None:
        """End of file on the process's input."""
        self._queue.put(self._session.close_stdin)

    def resize(self, rows: int, columns: int) -> None:
        """Another size of its terminal."""
        self._queue.put(lambda: self._session.resize(rows, columns))

    def close(self, *, hang_up: bool) -> None:
        """Go away; with `hang_up` the process is told so (SIGHUP), as by a terminal that is closed."""
        if self._closed:
            return
        self._closed = True
        if hang_up:
            with suppress(EngineError, OSError):
                self._session.signal(signal.SIGHUP)
        self._queue.put(None)
        self._session.close()

    def _read(self) -> None:
        error = ""
        try:
            while not self._closed:
                try:
                    found = self._session.read(_LOOK_S)
                except TimeoutError:
                    continue
                if found is None:
                    break
                self._output(*found)
        except Exception as failure:
            # Closing makes a read fail in ways that mean nothing.
            error = "" if self._closed else self._told(failure)
        if not self._closed:
            with suppress(RuntimeError):  # the program's loop has ended
                self._ended(self._session.exit, error)

    def _write(self) -> None:
        while (step := self._queue.get()) is not None:
            # A process that has ended takes no more input: the reader tells how it ended.
            try:
                step()
            except (EngineError, OSError, ValueError):
                continue
            except Exception as failure:  # a fault in one step is kept, and the next key is sent
                self._told(failure)
