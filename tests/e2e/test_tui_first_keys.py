"""A key that is typed before anything is drawn does what it does later: the parts that it needs are made for it."""

from __future__ import annotations

import pytest

from tests.cli import Cli
from tests.e2e.pty_terminal import PtyTerminal

pytestmark = [pytest.mark.kernel, pytest.mark.e2e]


def at_once(cli: Cli, keys: bytes) -> PtyTerminal:
    """The program, just executed, with `keys` typed."""
    environment = cli.environment | {"TERM": "xterm-256color"}
    terminal = PtyTerminal(cli.words(), rows=40, cols=120, env=environment)
    terminal.type(keys)
    return terminal


@pytest.mark.parametrize(
    ("keys", "seen"),
    [
        (b"?", "esc closes"),
        (b"9", "version"),
        (b"n", "new container"),
        (b"/", "text to show"),
        (b"l", "following"),
        (b"i", '"Id"'),
        (b"\r", "early"),
        (b"L", "limits of early"),
        (b"e", "shell in early"),
    ],
)
def test_a_key_before_the_first_picture_is_obeyed(cli: Cli, keys: bytes, seen: str) -> None:
    cli.ok("run", "-d", "--name", "early", "demo", "sleep", "1000")
    with at_once(cli, keys) as terminal:
        terminal.expect(seen.encode())


def test_q_before_the_first_picture_quits(cli: Cli) -> None:
    with at_once(cli, b"q") as terminal:
        assert terminal.wait() == 0
