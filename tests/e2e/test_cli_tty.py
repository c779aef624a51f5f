"""`-it` is a proper terminal: size, keys, job control, detaching, and the modes put back afterwards."""

from __future__ import annotations

import os
import signal
import termios
import time

import pytest

from tests.cli import Cli
from tests.e2e.pty_terminal import PtyTerminal

pytestmark = [pytest.mark.kernel, pytest.mark.e2e]

PROMPT = b"# "
DETACH = b"\x10\x11"


def shell(cli: Cli, *flags: str, rows: int = 24, cols: int = 80) -> PtyTerminal:
    return PtyTerminal(
        cli.words("run", "-it", "-e", "PS1=# ", *flags, "demo", "sh"), rows=rows, cols=cols, env=cli.environment
    )


def test_the_shell_has_a_terminal_of_our_size_and_follows_it(cli: Cli) -> None:
    with shell(cli, "--rm", rows=31, cols=101) as terminal:
        terminal.expect(PROMPT)
        terminal.type(b"stty size; tty\r")
        terminal.expect(b"31 101\r\n/dev/pts/0\r\n")
        terminal.resize(40, 120)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            terminal.type(b"stty size\r")
            # The shell may draw its line anew when the size changes: its echo is not to be counted on.
            if b"40 120" in terminal.expect(PROMPT):
                break
        else:
            raise AssertionError("the size inside did not follow")
        terminal.type(b"exit 9\r")
        assert terminal.wait() == 9


def test_control_c_goes_inside_and_the_shell_goes_on(cli: Cli) -> None:
    with shell(cli, "--rm") as terminal:
        terminal.expect(PROMPT)
        terminal.type(b"sleep 100\r")
        terminal.expect(b"sleep 100\r\n")
        wait_for(lambda: "sleep 100" in cli.ok("top", cli.ok("ps", "-lq"), "--format", "{{.Command}}"))
        terminal.type(b"\x03")
        terminal.expect(PROMPT)
        terminal.type(b"echo $?\r")
        terminal.expect(b"130")
        terminal.type(b"exit\r")
        terminal.wait()


def test_control_z_stops_a_job_inside(cli: Cli) -> None:
    with shell(cli, "--rm") as terminal:
        terminal.expect(PROMPT)
        terminal.type(b"sleep 100\r")
        terminal.expect(b"sleep 100\r\n")
        wait_for(lambda: "sleep 100" in cli.ok("top", cli.ok("ps", "-lq"), "--format", "{{.Command}}"))
        terminal.type(b"\x1a")
        terminal.expect(b"Stopped")
        terminal.type(b"kill -9 %1\r")
        terminal.expect(PROMPT)
        # Some shells refuse the first exit while they have not reaped the job.
        terminal.type(b"exit 0\rexit 0\r")
        assert terminal.wait() == 0


def test_nothing_extra_is_printed(cli: Cli) -> None:
    with PtyTerminal(cli.words("run", "--rm", "-it", "demo", "echo", "hello"), env=cli.environment) as terminal:
        terminal.seen, terminal._read_to = b"", 0
        assert terminal.wait() == 0
        assert terminal.seen == b"hello\r\n"


def test_the_detach_keys_leave_it_running_and_attach_comes_back(cli: Cli) -> None:
    with shell(cli, "--name", "kept") as terminal:
        terminal.expect(PROMPT)
        terminal.type(b"A=remembered\r")
        terminal.expect(PROMPT)
        terminal.type(DETACH)
        assert terminal.wait() == 0
        assert terminal.settings() == terminal.initial
    assert cli.ok("ps", "--format", "{{.Names}}") == "kept"
    with PtyTerminal(cli.words("attach", "--detach-keys", "ctrl-]", "kept"), env=cli.environment) as terminal:
        terminal.type(b"echo $A\r")
        terminal.expect(b"remembered")
        terminal.type(b"\x1d")
        assert terminal.wait() == 0


def test_the_terminal_is_restored_after_every_kind_of_end(cli: Cli) -> None:
    for ending in ("exit", "kill", "terminate"):
        with shell(cli, "--rm") as terminal:
            terminal.expect(PROMPT)
            lflag = terminal.settings()[3]
            assert isinstance(lflag, int) and not lflag & (termios.ICANON | termios.ECHO)
            if ending == "exit":
                terminal.type(b"exit\r")
            elif ending == "kill":
                cli.ok("kill", cli.ok("ps", "-lq"))
            else:
                os.kill(terminal.pid, signal.SIGTERM)
                wait_for(lambda: True)
                cli.ok("kill", cli.ok("ps", "-lq"))
            terminal.wait()
            assert terminal.settings() == terminal.initial, ending


def test_a_terminal_that_hangs_up_takes_its_container_with_it_only_with_rm(cli: Cli) -> None:
    for flags, left in (("--rm",), ""), (("--name", "kept"), "kept"):
        terminal = shell(cli, *flags)
        terminal.expect(PROMPT)
        terminal.type(b"trap '' HUP\r")
        terminal.expect(PROMPT)
        os.close(terminal.fd)
        os.waitpid(terminal.pid, 0)
        assert cli.ok("ps", "--format", "{{.Names}}") == left


def test_exec_gives_a_second_terminal(cli: Cli) -> None:
    cli.ok("run", "-d", "--name", "host", "demo", "sleep", "100")
    with PtyTerminal(
        cli.words("exec", "-it", "-e", "PS1=# ", "host", "sh"), rows=33, cols=99, env=cli.environment
    ) as terminal:
        terminal.expect(PROMPT)
        terminal.type(b"stty size; exit 4\r")
        terminal.expect(b"33 99")
        assert terminal.wait() == 4


def test_a_terminal_needs_a_terminal(cli: Cli) -> None:
    done = cli("run", "--rm", "-it", "demo", "sh")
    assert done.returncode == 125 and "no terminal" in done.stderr
    assert cli.ok("ps", "-aq") == ""


def wait_for(condition: object) -> None:
    deadline = time.monotonic() + 20
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, "it did not become so"
