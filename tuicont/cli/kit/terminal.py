"""The caller's terminal and signals, joined to one process of a container.

Knows nothing of the engine: it is given a `Session` and answers with how the process ended, or that the
user detached. The terminal is put back as it was, however this ends.
"""

from __future__ import annotations

import errno
import os
import select
import signal
import sys
import termios
import threading
import tty
from collections import deque
from contextlib import suppress
from types import FrameType
from typing import Any, NamedTuple

from tuicont.cli.kit.failure import BROKEN_PIPE, UNKNOWN_END
from tuicont.core.engine.api import STDOUT, Session
from tuicont.core.errors import EngineError, Invalid

_CHUNK = 1 << 16
_KEPT = {
    *(signal.SIGKILL, signal.SIGSTOP),  # nobody is told of them
    *(signal.SIGCHLD, signal.SIGPIPE, signal.SIGURG, signal.SIGWINCH),  # about ourselves, as with Docker
    *(signal.SIGTTIN, signal.SIGTTOU),  # about our own terminal: it would send them for ever
    *(signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL),  # a handler of Python's would run for ever
}
_FORWARDED = signal.valid_signals() - _KEPT
_PATIENCE = 3
"""Interrupts that a process without reaction may be sent before the client itself goes."""


class Outcome(NamedTuple):
    """How joining a process came to its end. `code` is the process's, when the session said it."""

    code: int | None
    detached: bool = False
    """The user typed the detach keys: the process goes on."""
    broken: bool = False
    """Whoever read our output went away, or the terminal hung up: the process goes on."""

    @property
    def ended(self) -> bool:
        return not (self.detached or self.broken)

    @property
    def exit_code(self) -> int:
        """Ours: the process's own if it is known, 0 after detaching."""
        if self.broken:
            return BROKEN_PIPE
        return 0 if self.detached else UNKNOWN_END if self.code is None else self.code


class Streams(NamedTuple):
    """What to join: standard input, output and error; `tty` says that the process has a terminal. With `beside` the
    process was there before and others may join it too: its screen is asked for, its input does not end with ours."""

    stdin: bool
    stdout: bool = True
    stderr: bool = True
    tty: bool = False
    beside: bool = False


def size() -> tuple[int, int]:
    """Rows and columns of the terminal that this program's output goes to; 24 × 80 when there is none."""
    for fd in (1, 0, 2):
        try:
            columns, rows = os.get_terminal_size(fd)
        except OSError:
            continue
        if rows and columns:
            return rows, columns
    return 24, 80


def require_terminal(streams: Streams) -> None:
    """Refuse `-it` when standard input is no terminal: nothing could be typed into it."""
    if streams.tty and streams.stdin and not os.isatty(0):
        raise Invalid("join the terminal", "-t was asked for and standard input is no terminal", hint="leave out -t")


class Client:
    """Joins the standard streams to a session until the process ends or the user detaches."""

    def __init__(self, session: Session, streams: Streams, *, detach_keys: bytes, proxy_signals: bool) -> None:
        self._session = session
        self._streams = streams
        self._keys = detach_keys if streams.tty and streams.stdin else b""
        self._proxy = proxy_signals
        self._signals: deque[int] = deque()
        self._detached = False
        self._saved: list[Any] | None = None
        self._wake_read, self._wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def run(self) -> Outcome:
        """Blocks until it is over. The session is closed then."""
        handlers = self._handle_signals()
        # The kernel may give a signal to the thread that reads standard input, where it does not end our poll.
        woken = signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)
        try:
            self._enter_raw_mode()
            if self._streams.tty:
                rows, columns = size()
                if self._streams.beside:  # only another size has it drawn again
                    self._session.resize(rows + 1, columns)
                self._session.resize(rows, columns)
            if self._streams.stdin:
                threading.Thread(target=self._pump_input, name="stdin", daemon=True).start()
            return self._pump_output()
        finally:
            self._leave_raw_mode()
            signal.set_wakeup_fd(woken)
            for number, handler in handlers.items():
                signal.signal(number, handler)
            self._session.close()

    def _pump_output(self) -> Outcome:
        poll = select.poll()
        poll.register(self._session.fileno(), select.POLLIN)
        poll.register(self._wake_read, select.POLLIN)
        interrupts = 0
        while True:
            ready = {fd for fd, _ in poll.poll()}
            if self._wake_read in ready:
                self._drain_wakes()
                while self._signals:
                    number = self._signals.popleft()
                    interrupts += number in (signal.SIGINT, signal.SIGTERM)
                    if interrupts > _PATIENCE:
                        return Outcome(128 + number)
                    self._pass_on(number)
                    if number == signal.SIGHUP and self._streams.tty:
                        return Outcome(None, broken=True)
                if self._detached:
                    return Outcome(None, detached=True)
            if self._session.fileno() not in ready:
                continue
            try:
                output = self._session.read(0)
            except TimeoutError:
                continue
            if output is None:
                ended = self._session.exit
                return Outcome(ended.code if ended else None)
            try:
                self._write(*output)
            except OSError as error:
                if error.errno in (errno.EPIPE, errno.EIO):
                    return Outcome(None, broken=True)
                raise

    def _write(self, stream: int, data: bytes) -> None:
        if not (self._streams.stdout if stream == STDOUT else self._streams.stderr):
            return
        fd = 1 if stream == STDOUT else 2
        view = memoryview(data)
        while view:
            try:
                view = view[os.write(fd, view) :]
            except BlockingIOError:
                # Whoever shares our terminal made it non-blocking.
                select.select([], [fd], [])

    def _pump_input(self) -> None:
        """In its own thread: a process that does not read must not keep us from showing what it writes."""
        keys = DetachKeys(self._keys)
        try:
            while data := os.read(0, _CHUNK):
                passed, detached = keys.feed(data)
                if passed:
                    self._session.write(passed)
                if detached:
                    self._detached = True
                    self._wake()
                    return
            if not self._streams.beside:
                self._session.close_stdin()
        except (OSError, EngineError, ValueError):
            # The process ended, or our input did (a hang-up): the output side says how it went on.
            return

    def _handle_signals(self) -> dict[int, Any]:
        wanted: list[int] = [signal.SIGWINCH, signal.SIGCONT] if self._streams.tty else []
        if self._proxy:
            wanted += _FORWARDED
        elif self._typed_into():
            wanted += [signal.SIGTERM, signal.SIGHUP]
        return {number: signal.signal(number, self._note) for number in wanted}

    def _typed_into(self) -> bool:
        return self._streams.tty and self._streams.stdin

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._signals.append(number)
        self._wake()

    def _pass_on(self, number: int) -> None:
        if number == signal.SIGCONT:
            self._enter_raw_mode()
        # A process that has just ended takes neither: how it ended is read next.
        with suppress(EngineError, OSError):
            if self._streams.tty and number in (signal.SIGWINCH, signal.SIGCONT):
                self._session.resize(*size())
            elif self._proxy:
                self._session.signal(number)
            else:
                raise SystemExit(128 + number)

    def _wake(self) -> None:
        try:
            os.write(self._wake_write, b"\0")
        except BlockingIOError:
            return

    def _drain_wakes(self) -> None:
        try:
            while os.read(self._wake_read, _CHUNK):
                pass
        except BlockingIOError:
            return

    def _enter_raw_mode(self) -> None:
        if not (self._typed_into() and os.isatty(0)):
            return
        if self._saved is None:
            sys.stdout.flush()
            self._saved = termios.tcgetattr(0)
        tty.setraw(0, termios.TCSANOW)

    def _leave_raw_mode(self) -> None:
        if self._saved is not None:
            # A terminal that hung up takes no settings, and needs none.
            with suppress(termios.error):
                termios.tcsetattr(0, termios.TCSADRAIN, self._saved)


class DetachKeys:
    """Finds the detach sequence in what is typed. Keys that may begin it are held back until it is clear."""

    def __init__(self, sequence: bytes) -> None:
        self._sequence = sequence
        self._matched = 0

    def feed(self, data: bytes) -> tuple[bytes, bool]:
        """What to pass on, and whether the sequence is complete (the rest of `data` is then dropped)."""
        if not self._sequence:
            return data, False
        passed = bytearray()
        for byte in data:
            if byte == self._sequence[self._matched]:
                self._matched += 1
                if self._matched == len(self._sequence):
                    return bytes(passed), True
                continue
            passed += self._sequence[: self._matched]
            self._matched = 0
            if byte == self._sequence[0]:
                self._matched = 1
            else:
                passed.append(byte)
        return bytes(passed), False
