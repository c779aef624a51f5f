"""Signals to the TUI: it gives the terminal back as it was, and says by its exit code what ended it."""

from __future__ import annotations

import os
import signal
import termios

import pytest

from tests.cli import Cli
from tests.e2e.pty_terminal import PtyTerminal

pytestmark = [pytest.mark.kernel, pytest.mark.e2e]

LEAVE_ALTERNATE_SCREEN = b"\x1b[?1049l"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_gives_the_terminal_back(cli: Cli, number: signal.Signals) -> None:
    cli.ok("run", "-d", "--name", "seen", "demo", "sleep", "1000")
    environment = cli.environment | {"TERM": "xterm-256color"}
    with PtyTerminal(cli.words(), rows=24, cols=80, env=environment) as terminal:
        terminal.expect(b"seen")
        assert not termios.tcgetattr(terminal.fd)[3] & termios.ECHO
        os.kill(terminal.pid, number)
        terminal.expect(LEAVE_ALTERNATE_SCREEN)
        assert terminal.wait() == 128 + number
        assert termios.tcgetattr(terminal.fd) == terminal.initial
