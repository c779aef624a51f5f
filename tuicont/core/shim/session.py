"""A connection to the input and output of one process, through its shim. Implements `runtime.base.Session`.

`write` blocks while the process does not read; the process blocks while nobody calls `read`: a caller that
does both for long uses a thread for one of them.
"""

from __future__ import annotations

import contextlib
import socket

from tuicont.core.model.container import ExitStatus
from tuicont.core.shim import wire
from tuicont.core.sys import sockets
from tuicont.core.sys.pidfd import PidFd


class ShimSession:
    """Owns the connection and a pidfd of the process."""

    def __init__(self, connection: socket.socket, process: PidFd, *, stdin: bool) -> None:
        self._connection = connection
        self._process = process
        self._stdin = stdin
        self._exit: ExitStatus | None = None
        self._ended = False

    def fileno(self) -> int:
        """See `Session`."""
        return self._connection.fileno()

    def read(self, timeout: float | None = None) -> tuple[int, bytes] | None:
        """See `Session`. After `close`, or when the shim was killed, None with no `exit`."""
        while not self._ended:
            if timeout is not None and not sockets.readable(self._connection, timeout):
                raise TimeoutError(f"no output within {timeout} s")
            packet, _ = sockets.receive(self._connection)
            kind = wire.reply_kind(packet)
            if kind == wire.Reply.OUTPUT:
                return wire.output(packet)
            if kind == wire.Reply.EXITED:
                self._exit = wire.exited(packet)
            self._ended = kind in (0, wire.Reply.EXITED)
        return None

    def write(self, data: bytes) -> None:
        """See `Session`. Input of a process that has ended is dropped."""
        if not self._stdin:
            return
        for start in range(0, len(data), wire.INPUT_MAX):
            self._send(wire.request(wire.Request.INPUT) + data[start : start + wire.INPUT_MAX])

    def close_stdin(self) -> None:
        """See `Session`. A terminal is sent its end-of-file character."""
        if self._stdin:
            self._stdin = False
            self._send(wire.request(wire.Request.INPUT_END))

    def resize(self, rows: int, cols: int) -> None:
        """See `Session`. Without a terminal it does nothing."""
        self._send(wire.resize(rows, cols))

    def signal(self, number: int) -> None:
        """See `Session`. A process that is gone is no error."""
        self._process.send(number)

    @property
    def exit(self) -> ExitStatus | None:
        """See `Session`."""
        return self._exit

    def close(self) -> None:
        """See `Session`. A `read` that blocks in another thread returns."""
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)
        self._connection.close()
        self._process.close()

    def _send(self, packet: bytes) -> None:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self._connection.send(packet)
