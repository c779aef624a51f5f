"""A real terminal for the TUI: a tmux server of the test's own, typed into and read like a screen.

Knows nothing of containers. What is seen is only used to know when the next key may be pressed; what a key did,
a test asks the kernel.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import TypeVar

from tests.support import require

T = TypeVar("T")

ENDED = "exit code of the program: "
PATIENCE = 60.0
"""Seconds that a slow, loaded machine may take for what is done in a tenth of one."""


class Terminal:
    """Runs `words` in a tmux window of the given size; the server is ended by its name afterwards."""

    def __init__(self, words: Sequence[str], environment: Mapping[str, str], *, cols: int, rows: int) -> None:
        self._tmux = [require("tmux"), "-L", f"tuicont-test-{os.getpid()}-{id(self):x}", "-f", "/dev/null"]
        self._environment = {k: v for k, v in environment.items() if not k.startswith("TMUX")}
        self._environment["LC_ALL"] = "C.UTF-8"
        self._words, self._size = words, (cols, rows)

    def __enter__(self) -> Terminal:
        cols, rows = (str(n) for n in self._size)
        # The window outlives the program, so that what it said last can be read.
        script = f'"$@"; printf "{ENDED}%d\\n" $?; exec sleep infinity'
        self._run("new-session", "-d", "-x", cols, "-y", rows, "sh", "-c", script, "sh", *self._words)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if value is not None and hasattr(value, "add_note"):
            value.add_note(f"the terminal shows:\n{self.screen()}")
        socket, _, server = self._run("display-message", "-p", "#{socket_path} #{pid}").strip().partition(" ")
        self._run("kill-server")
        until(lambda: not os.path.exists(f"/proc/{server}"), "the tmux server ends")
        with contextlib.suppress(FileNotFoundError):
            os.unlink(socket)

    def _run(self, *words: str) -> str:
        done = subprocess.run(
            [*self._tmux, *words], env=self._environment, check=True, capture_output=True, timeout=PATIENCE
        )
        return done.stdout.decode()

    # what a person does

    def press(self, *keys: str) -> None:
        """Press keys by tmux' names: `n`, `Enter`, `C-s`."""
        self._run("send-keys", *keys)

    def type(self, text: str) -> None:
        """Type a text."""
        self._run("send-keys", "-l", text)

    def resize(self, cols: int, rows: int) -> None:
        """Give the window another size."""
        self._run("resize-window", "-x", str(cols), "-y", str(rows))

    # what a person sees

    def screen(self) -> str:
        """The screen's text."""
        return self._run("capture-pane", "-p")

    def cursor_line(self) -> str:
        """The text of the line in which the cursor stands."""
        row = int(self._run("display-message", "-p", "#{cursor_y}"))
        lines = self.screen().split("\n")
        return lines[row] if row < len(lines) else ""

    def ended(self) -> tuple[int, str]:
        """Wait until the program has ended; its exit code and what it left on the terminal."""
        said, _, code = self.shows(ENDED).rpartition(ENDED)
        return int(code), said

    def shows(self, *wanted: str) -> str:
        """Wait until all of `wanted` is seen; the screen then."""

        def look() -> str:
            screen = self.screen()
            return screen if all(text in screen for text in wanted) else ""

        return until(look, f"the screen shows {wanted}")

    def hides(self, unwanted: str) -> str:
        """Wait until `unwanted` is seen no more; the screen then."""
        return until(lambda: "" if unwanted in (screen := self.screen()) else screen, f"{unwanted!r} goes")

    def cursor_on(self, text: str) -> None:
        """Wait until the cursor stands in a line with this text."""
        until(lambda: text in self.cursor_line(), f"the cursor stands on {text!r}")


def until(condition: Callable[[], T], what: str, seconds: float = PATIENCE) -> T:
    """The first true answer of `condition`; asked again and again, as nothing tells when to."""
    deadline = time.monotonic() + seconds
    while not (answer := condition()):
        assert time.monotonic() < deadline, f"not in {seconds:.0f} s: {what}"
        time.sleep(0.05)
    return answer
