"""A terminal that a test types into: a pty with a program in its foreground."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import termios
import time
from types import TracebackType

TIMEOUT = 20.0


class PtyTerminal:
    """Runs `words` in a new session on a new terminal of the given size."""

    def __init__(self, words: list[str], *, rows: int = 24, cols: int = 80, env: dict[str, str] | None = None) -> None:
        self.seen = b""
        self._read_to = 0
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            # The shell waits for the size before the program may look at it.
            os.read(0, 1)
            os.execvpe(words[0], words, env or os.environ)
        self.initial = termios.tcgetattr(self.fd)
        self.resize(rows, cols)
        os.write(self.fd, b"\n")
        self.expect(b"\n")

    def __enter__(self) -> PtyTerminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self.fd)
        if self.code is None:
            os.kill(self.pid, 9)
            os.waitpid(self.pid, 0)

    code: int | None = None

    def resize(self, rows: int, cols: int) -> None:
        """Give the terminal another size; the kernel sends SIGWINCH."""
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))

    def type(self, data: bytes) -> None:
        """Press keys."""
        os.write(self.fd, data)

    def expect(self, wanted: bytes, timeout: float = TIMEOUT) -> bytes:
        """Read until `wanted` was printed since the last call; what was printed before it."""
        deadline = time.monotonic() + timeout
        while wanted not in self.seen[self._read_to :]:
            left = deadline - time.monotonic()
            assert left > 0, f"{wanted!r} was not printed, but {self.seen!r}"
            assert self._read(left), f"ended without {wanted!r}: {self.seen!r}"
        before, _, _ = self.seen[self._read_to :].partition(wanted)
        self._read_to += len(before) + len(wanted)
        return before

    def _read(self, timeout: float) -> bool:
        if not select.select([self.fd], [], [], timeout)[0]:
            return True
        try:
            data = os.read(self.fd, 1 << 16)
        except OSError:  # EIO: nobody has the terminal open any more
            return False
        self.seen += data
        return bool(data)

    def wait(self, timeout: float = TIMEOUT) -> int:
        """Read to the end; the exit code."""
        deadline = time.monotonic() + timeout
        while self._read(0.05):
            ended, status = os.waitpid(self.pid, os.WNOHANG)
            if ended:
                self.code = os.waitstatus_to_exitcode(status)
                return self.code
            assert time.monotonic() < deadline, f"did not end: {self.seen!r}"
        _, status = os.waitpid(self.pid, 0)
        self.code = os.waitstatus_to_exitcode(status)
        return self.code

    def settings(self) -> list[object]:
        """The terminal's modes now (termios)."""
        return termios.tcgetattr(self.fd)
