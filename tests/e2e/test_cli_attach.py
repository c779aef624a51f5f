"""Joining a container that runs: whose input ends what, what a second client sees, and what a frozen one answers."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.cli import Cli
from tests.e2e.pty_terminal import PtyTerminal
from tests.kernel.host import eventually

pytestmark = [pytest.mark.kernel, pytest.mark.e2e]


@contextmanager
def client(cli: Cli, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """One that is killed at the end, if it is there still."""
    with cli.popen(*words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.kill()


def said(process: subprocess.Popen[bytes], text: bytes) -> bytes:
    """What the process answers to a line."""
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(text)
    process.stdin.flush()
    return process.stdout.readline()


def state(cli: Cli, name: str) -> str:
    return cli.ok("ps", "-a", "--filter", f"name={name}", "--format", "{{.State}}")


def test_the_input_of_one_that_was_attached_later_ends_nothing(cli: Cli) -> None:
    cli.ok("run", "-di", "--name", "echoes", "demo", "cat")
    for word in (b"one\n", b"two\n"):
        with client(cli, "attach", "echoes") as attached:
            assert said(attached, word) == word
            assert attached.stdin is not None
            attached.stdin.close()
            # It goes on to show what the container writes, as Docker's does.
            with client(cli, "attach", "echoes") as other:
                assert said(other, b"three\n") == b"three\n"
            assert attached.stdout is not None and attached.stdout.readline() == b"three\n"
    assert state(cli, "echoes") == "running"


def test_the_input_of_who_started_it_ends_the_containers(cli: Cli) -> None:
    assert cli.ok("run", "-i", "--name", "once", "demo", "cat", input=b"first") == "first"
    assert cli.ok("start", "-i", "once", input=b"second") == "second"
    assert state(cli, "once") == "exited"


def test_a_client_that_is_killed_ends_no_container(cli: Cli) -> None:
    with client(cli, "run", "-i", "--name", "stays", "demo", "cat") as starter:
        assert said(starter, b"one\n") == b"one\n"
        starter.send_signal(signal.SIGKILL)
        assert starter.wait(10) == -signal.SIGKILL
    with client(cli, "attach", "stays") as attached:
        assert said(attached, b"two\n") == b"two\n"


def test_start_attached_joins_one_that_runs(cli: Cli) -> None:
    cli.ok("run", "-di", "--name", "runs", "demo", "cat")
    with client(cli, "start", "-ai", "runs") as attached:
        assert said(attached, b"one\n") == b"one\n"
    assert state(cli, "runs") == "running"


def test_a_second_client_has_the_screen_drawn_for_it(cli: Cli) -> None:
    script = "trap 'echo drawn at $(stty size)' WINCH; echo ready; while :; do sleep 0.05; done"
    cli.ok("run", "-dit", "--name", "draws", "demo", "sh", "-c", script)
    eventually(lambda: "ready" in cli.ok("logs", "draws"))
    for _ in range(2):  # the second time at the size that it has already
        with PtyTerminal(cli.words("attach", "draws"), env=cli.environment) as terminal:
            terminal.expect(b"drawn at ")
            terminal.type(b"\x10\x11")
            assert terminal.wait() == 0


def test_no_detach_keys_are_no_keys(cli: Cli) -> None:
    words = cli.words(
        "run", "-it", "--rm", "--detach-keys", "", "demo", "sh", "-c", "stty raw -echo; echo ready; od -c"
    )
    with PtyTerminal(words, env=cli.environment) as terminal:
        terminal.expect(b"ready")
        terminal.type(b"\x10\x11" + b"x" * 14)
        terminal.expect(b"020 021")
        cli.ok("kill", cli.ok("ps", "-lq"))
        assert terminal.wait() == 137


def test_what_is_frozen_cannot_be_joined_and_says_when_it_takes_a_signal(cli: Cli) -> None:
    script = "trap 'echo told; exit 7' TERM; echo ready; while :; do sleep 0.05; done"
    cli.ok("run", "-d", "--name", "frozen", "demo", "sh", "-c", script)
    eventually(lambda: "ready" in cli.ok("logs", "frozen"))
    cli.ok("pause", "frozen")
    refused = cli("attach", "frozen")
    assert (refused.returncode, refused.stderr) == (125, "cannot attach frozen: it is paused, not running\n")
    told = cli("kill", "-s", "TERM", "frozen")
    assert (told.returncode, told.stderr) == (0, "frozen is paused: it takes TERM when it is unpaused\n")
    assert state(cli, "frozen") == "paused"
    cli.ok("unpause", "frozen")
    assert cli.ok("wait", "frozen") == "7"
