"""What a program costs its user: how long a command takes, an application's first paint, its idle processor time, and
the time from a key to the paint that follows. Runs the real program, an application on a pseudo terminal that this
module keeps."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType

import pyte

ROWS, COLUMNS = 48, 160
DOWN, UP = b"\x1b[B", b"\x1b[A"


def duration(command: list[str], environment: Mapping[str, str]) -> float:
    """Milliseconds of a process that ends by itself."""
    begun = time.perf_counter_ns()
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    return (time.perf_counter_ns() - begun) / 1e6


class Terminal:
    """An application on a pseudo terminal."""

    def __init__(self, command: list[str], environment: Mapping[str, str]) -> None:
        self.screen = pyte.Screen(COLUMNS, ROWS)
        self._stream = pyte.ByteStream(self.screen)
        self.begun = time.perf_counter_ns()
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            os.execve(command[0], command, {**environment, "TERM": "xterm-256color", "COLORTERM": "truecolor"})
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.kill(self.pid, signal.SIGTERM)
        while self._read(0.2):
            pass
        os.close(self._fd)
        os.waitpid(self.pid, 0)

    def wait_for(self, seen: Callable[[pyte.Screen], bool], seconds: float = 20) -> int:
        """Read until the screen shows it; the time in ns at which the output that did so arrived."""
        for arrived in self._arrivals(seconds):
            self._stream.feed(self._data)
            if seen(self.screen):
                return arrived
        raise SystemExit("the application did not show what was waited for:\n" + "\n".join(self.screen.display))

    def wait_for_text(self, text: str, seconds: float = 20) -> int:
        """Read until `text` has come; the time in ns at which it did. Nothing is parsed meanwhile: that takes longer
        than drawing does, and who draws waits for who reads."""
        wanted, seen = text.encode(), b""
        for arrived in self._arrivals(seconds):
            seen = seen[-len(wanted) :] + self._data
            if wanted in seen:
                return arrived
        raise SystemExit(f"the application did not write {text!r}")

    def drain(self, seconds: float) -> None:
        """Read what it writes for a while, as a terminal does, without looking at it."""
        for _ in self._arrivals(seconds):
            self._stream.feed(self._data)

    def send(self, keys: bytes) -> None:
        """Press keys."""
        os.write(self._fd, keys)

    def processor_seconds(self) -> float:
        """User and system time of the process so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def _arrivals(self, seconds: float) -> Iterator[int]:
        """The time in ns at which each piece of output came, which is then in `_data`."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if self._read(left):
                yield time.perf_counter_ns()

    def _read(self, seconds: float) -> bool:
        if not select.select([self._fd], [], [], max(0, seconds))[0]:
            return False
        try:
            self._data = os.read(self._fd, 1 << 16)
        except OSError:  # the program has closed its side
            self._data = b""
        return bool(self._data)


def first_paint(command: list[str], environment: Mapping[str, str], text: str) -> float:
    """Milliseconds from exec until `text` has come to the terminal."""
    with Terminal(command, environment) as terminal:
        return (terminal.wait_for_text(text) - terminal.begun) / 1e6


def idle_share(command: list[str], environment: Mapping[str, str], name: str, seconds: float) -> float:
    """Percent of one processor that the TUI takes when nobody touches it."""
    with Terminal(command, environment) as terminal:
        terminal.wait_for(shows(name))
        terminal.drain(3)
        before, begun = terminal.processor_seconds(), time.monotonic()
        terminal.drain(seconds)
        return 100 * (terminal.processor_seconds() - before) / (time.monotonic() - begun)


def key_to_paint(command: list[str], environment: Mapping[str, str], name: str, count: int) -> list[float]:
    """Milliseconds from pressing an arrow key until the output that moves the cursor arrives."""
    taken = []
    with Terminal(command, environment) as terminal:
        terminal.wait_for(shows(name))
        terminal.drain(2)
        for number in range(count):
            before = backgrounds(terminal.screen)
            pressed = time.perf_counter_ns()
            terminal.send(DOWN if number // 10 % 2 == 0 else UP)
            arrived = terminal.wait_for(lambda screen, before=before: backgrounds(screen) != before)
            taken.append((arrived - pressed) / 1e6)
            terminal.drain(0.03)
    return taken


def shows(text: str) -> Callable[[pyte.Screen], bool]:
    """Whether a line of the screen holds `text`."""
    return lambda screen: any(text in line for line in screen.display)


def backgrounds(screen: pyte.Screen) -> list[str]:
    """The background of every row's third column: what a moving cursor changes and a changing figure does not."""
    return [screen.buffer[row][2].bg for row in range(screen.lines)]
