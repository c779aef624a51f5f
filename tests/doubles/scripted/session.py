"""A session whose output is a script."""

from __future__ import annotations

import threading
from collections import deque

from tuicont.core.model.container import ExitStatus


class ScriptedSession:
    """A session whose output is a script and which records its input; an echoing shell by default."""

    def __init__(self, output: list[bytes], *, echo: bool = True) -> None:
        self._output: deque[bytes] = deque(output)
        self._echo = echo
        self._arrived = threading.Condition()
        self._ended = False
        self.written = b""
        self.sizes: list[tuple[int, int]] = []
        self.exit: ExitStatus | None = None

    def fileno(self) -> int:
        raise NotImplementedError("a scripted session has no descriptor")

    def read(self, timeout: float | None = None) -> tuple[int, bytes] | None:
        with self._arrived:
            if not self._arrived.wait_for(lambda: bool(self._output) or self._ended, timeout):
                raise TimeoutError
            if self._output:
                return 1, self._output.popleft()
            self.exit = self.exit or ExitStatus(code=0)
            return None

    def write(self, data: bytes) -> None:
        with self._arrived:
            self.written += data
            if self._echo:
                self._output.append(data.replace(b"\r", b"\r\n"))
            if self.written.endswith((b"exit\r", b"exit\n", b"\x04")):
                self._ended = True
            self._arrived.notify_all()

    def say(self, data: bytes) -> None:
        """Output of the process."""
        with self._arrived:
            self._output.append(data)
            self._arrived.notify_all()

    def close_stdin(self) -> None:
        self.end()

    def resize(self, rows: int, cols: int) -> None:
        self.sizes.append((rows, cols))

    def signal(self, number: int) -> None:
        self.end()

    def end(self) -> None:
        """The process has ended."""
        with self._arrived:
            self._ended = True
            self._arrived.notify_all()

    def close(self) -> None:
        self.end()
