"""Arguments, variables and paths are bytes, whatever encoding they are in, and arrive as they were given; and a program
that was started with closed streams does what it does with open ones."""

from __future__ import annotations

import os
import subprocess

import pytest

from tests.cli import Cli

pytestmark = [pytest.mark.kernel, pytest.mark.e2e]

NO_UTF8 = b"\xff\xfe"
AS_TEXT = os.fsdecode(NO_UTF8)


def run(cli: Cli, *words: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(cli.words(*words), capture_output=True, env=cli.environment, stdin=subprocess.DEVNULL)


def test_an_argument_a_variable_and_a_directory_arrive_as_they_are(cli: Cli) -> None:
    script = 'printf "%s " "$1" "$X"; pwd'
    done = run(cli, "run", "--rm", "-e", f"X={AS_TEXT}", "-w", f"/{AS_TEXT}", "demo", "sh", "-c", script, "-", AS_TEXT)
    assert (done.stdout, done.stderr) == (b" ".join((NO_UTF8, NO_UTF8, b"/" + NO_UTF8)) + b"\n", b"")


def test_a_volume_of_any_name_is_mounted(cli: Cli, tmp_path: os.PathLike[str]) -> None:
    source = os.path.join(os.fsencode(tmp_path), NO_UTF8)
    os.mkdir(source)
    os.mknod(os.path.join(source, b"seen"))
    done = run(cli, "run", "--rm", "-v", f"{os.fsdecode(source)}:/{AS_TEXT}", "demo", "ls", f"/{AS_TEXT}")
    assert done.stdout == b"seen\n", done.stderr


def test_what_a_container_was_given_is_kept_and_told(cli: Cli) -> None:
    cli.ok("create", "--name", "kept", "-l", f"label={AS_TEXT}", "-e", f"X={AS_TEXT}", "demo", "sh", "-c", "echo $X$Y")
    assert run(cli, "ps", "-a", "--format", "{{.Labels}}").stdout == b"label=" + NO_UTF8 + b"\n"
    assert "X=\\udcff\\udcfe" in cli.ok("inspect", "kept")
    assert run(cli, "start", "-a", "kept").stdout == NO_UTF8 + b"\n"
    assert cli.ok("events", "--since", "1h", "--until", "0s")


@pytest.mark.parametrize(
    "words",
    [("exec", AS_TEXT, "true"), ("cp", f"{AS_TEXT}:/x", "."), ("rm", AS_TEXT), ("rmi", AS_TEXT), ("run", AS_TEXT)],
    ids=lambda words: words[0],
)
def test_what_is_no_name_is_said_to_be_none(cli: Cli, words: tuple[str, ...]) -> None:
    done = run(cli, *words)
    assert done.returncode in (1, 125)
    assert done.stderr.startswith(b"cannot ")


@pytest.mark.parametrize("closed", ["0<&-", "1>&-", "2>&-", "0<&- 1>&- 2>&-"])
def test_closed_streams_are_like_the_null_device(cli: Cli, closed: str) -> None:
    words = cli.words("run", "--rm", "-i", "demo", "echo", "hello")
    shell = subprocess.run(["sh", "-c", f'"$@" {closed}', "-", *words], capture_output=True, env=cli.environment)
    assert shell.returncode == 0
    assert (shell.stdout, shell.stderr) == (b"" if "1>" in closed else b"hello\n", b"")
    assert cli.ok("ps", "-a", "-q") == ""


def test_events_are_found_by_a_label_beside_one_that_is_no_utf8(cli: Cli) -> None:
    cli.ok("create", "--name", "labelled", "-l", f"bytes={AS_TEXT}", "-l", "tier=web", "demo", "true")
    found = run(cli, "events", "--since", "1h", "--until", "0s", "-f", "label=tier=web", "--format", "{{.Action}}")
    assert found.stdout == b"create\n", found.stderr
