"""`run`, `exec` and their streams, exit codes and signals, through the real program on the real kernel."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.cli import Cli
from tuicont.core.model import signals

pytestmark = [pytest.mark.kernel, pytest.mark.e2e]


def test_output_and_errors_stay_apart(cli: Cli) -> None:
    done = cli("run", "--rm", "demo", "sh", "-c", "echo out; echo err >&2")
    assert (done.returncode, done.stdout, done.stderr) == (0, "out\n", "err\n")


def test_a_pipe_goes_in_and_comes_out(cli: Cli) -> None:
    data = os.urandom(3 << 20)
    done = subprocess.run(cli.words("run", "--rm", "-i", "demo", "cat"), input=data, capture_output=True, timeout=60)
    assert done.returncode == 0 and done.stdout == data


def test_without_i_standard_input_is_empty(cli: Cli) -> None:
    assert cli("run", "--rm", "demo", "cat", input=b"not for you").stdout == ""


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (("true",), 0),
        (("sh", "-c", "exit 42"), 42),
        (("sh", "-c", "kill -9 $$; sleep 9"), None),
        (("/no/such/program",), 127),
        (("no-such-program",), 127),
        (("/etc/passwd",), 126),
    ],
)
def test_the_exit_code_is_the_commands_own_or_says_why_it_did_not_run(
    cli: Cli, command: tuple[str, ...], code: int | None
) -> None:
    if code is None:
        # Process 1 is deaf to its own SIGKILL: below an init it is an ordinary process.
        assert cli("run", "--rm", "--init", "demo", *command).returncode == 137
    else:
        assert cli("run", "--rm", "demo", *command).returncode == code


def test_a_container_killed_from_outside_ends_with_128_and_the_signal(cli: Cli) -> None:
    client = cli.popen("run", "--name", "victim", "demo", "sleep", "100", stdout=subprocess.PIPE)
    cli_wait_for(cli, "victim", "running")
    cli.ok("kill", "victim")
    assert client.wait(30) == 137
    assert cli.ok("wait", "victim") == "137"


def test_an_engine_error_is_125_and_leaves_nothing(cli: Cli) -> None:
    done = cli("run", "--rm", "no-such-image", "true")
    assert done.returncode == 125 and "no-such-image" in done.stderr and done.stdout == ""
    done = cli("run", "--rm", "--mount", "type=bind,source=/no/such/dir,target=/x", "demo", "true")
    assert done.returncode == 125 and "/no/such/dir" in done.stderr
    assert cli.ok("ps", "-aq") == ""


def test_rm_leaves_nothing_even_when_the_command_is_not_there(cli: Cli) -> None:
    cli("run", "--rm", "demo", "no-such-program")
    assert cli.ok("ps", "-aq") == ""


def test_without_rm_the_container_stays_with_its_exit_code_and_output(cli: Cli) -> None:
    assert cli("run", "--name", "kept", "demo", "sh", "-c", "echo hello; exit 3").returncode == 3
    assert cli.ok("ps", "-a", "--format", "{{.Names}} {{.State}} {{.ExitCode}}") == "kept exited 3"
    assert cli.ok("logs", "kept") == "hello"


def test_detached_prints_the_id_and_goes_on(cli: Cli, tmp_path: Path) -> None:
    identity = cli.ok("run", "-d", "--name", "bg", "--cidfile", f"{tmp_path}/cid", "demo", "sleep", "100")
    assert len(identity) == 64 and (tmp_path / "cid").read_text() == identity
    pid = int(cli.ok("ps", "--format", "{{.Pid}}"))
    assert Path(f"/proc/{pid}/cmdline").read_bytes() == b"sleep\x00100\x00"
    done = cli("run", "--cidfile", f"{tmp_path}/cid", "demo", "true")
    assert done.returncode == 125 and "there already" in done.stderr


def test_detached_with_rm_removes_itself(cli: Cli) -> None:
    cli.ok("run", "-d", "--rm", "--name", "brief", "demo", "sleep", "0.2")
    deadline = time.monotonic() + 10
    while cli.ok("ps", "-aq") and time.monotonic() < deadline:
        pass
    assert cli.ok("ps", "-aq") == ""


def test_a_reader_that_goes_away_does_not_hang_it(cli: Cli) -> None:
    client = cli.popen("run", "--rm", "demo", "yes", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert client.stdout is not None and client.stdout.read(2) == b"y\n"
    client.stdout.close()
    assert client.wait(30) == 141
    assert cli.ok("ps", "-aq") == ""


def test_signals_are_passed_on(cli: Cli) -> None:
    script = "trap 'echo hup; exit 5' HUP; echo ready; while :; do sleep 0.05; done"
    client = cli.popen("run", "--rm", "demo", "sh", "-c", script, stdout=subprocess.PIPE)
    assert client.stdout is not None and client.stdout.readline() == b"ready\n"
    client.send_signal(signal.SIGHUP)
    assert client.stdout.read() == b"hup\n"
    assert client.wait(30) == 5


def test_every_signal_that_docker_passes_on_is(cli: Cli) -> None:
    """Real-time signals too; what a program cannot catch, and what is about the client's own children and pipes and its
    terminal, is not."""
    kept = {"KILL", "STOP", "CHLD", "PIPE", "URG", "WINCH", "SEGV", "BUS", "FPE", "ILL", "TTIN", "TTOU"}
    passed = sorted(number for number in signal.valid_signals() if signals.name(number).removeprefix("SIG") not in kept)
    traps = "; ".join(f"trap 'echo {number}' {number}" for number in passed)
    client = cli.popen(
        "run",
        "--rm",
        "--name",
        "all",
        "demo",
        "sh",
        "-c",
        f"{traps}; echo ready; while :; do sleep 0.01; done",
        stdout=subprocess.PIPE,
    )
    assert client.stdout is not None and client.stdout.readline() == b"ready\n"
    for number in passed:
        client.send_signal(number)
        assert client.stdout.readline() == b"%d\n" % number
    cli.ok("kill", "all")
    assert client.wait(30) == 137


def test_a_process_that_ignores_interrupts_does_not_keep_the_client(cli: Cli) -> None:
    script = "trap '' INT; echo ready; exec sleep 100"
    client = cli.popen("run", "--name", "deaf", "demo", "sh", "-c", script, stdout=subprocess.PIPE)
    assert client.stdout is not None and client.stdout.readline() == b"ready\n"
    deadline = time.monotonic() + 20
    while client.poll() is None and time.monotonic() < deadline:
        client.send_signal(signal.SIGINT)
        time.sleep(0.02)
    # A shell shows both as 130; which it is depends on where the last of our signals met it.
    assert client.wait(1) in (128 + signal.SIGINT, -signal.SIGINT)
    assert cli.ok("ps", "-q", "--filter", "name=deaf")


def test_flags_reach_the_kernel(cli: Cli, tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    (tmp_path / "seen").write_text("through the mount\n")
    script = "hostname; pwd; id -u; echo $A; cat /data/seen; ulimit -n; touch /f 2>/dev/null || echo read-only"
    flags = ["--hostname", "web", "-w", "/tmp", "-u", "1234", "-e", "A=b c", "--ulimit", "nofile=99", "--read-only"]
    output = cli.ok("run", "--rm", *flags, "-v", f"{tmp_path}:/data:ro", "demo", "sh", "-c", script)
    assert output.splitlines() == ["web", "/tmp", "1234", "b c", "through the mount", "99", "read-only"]


def test_attach_chooses_streams(cli: Cli) -> None:
    done = cli("run", "--rm", "-a", "stderr", "demo", "sh", "-c", "echo out; echo err >&2")
    assert (done.stdout, done.stderr) == ("", "err\n")


def test_exec_has_its_own_streams_code_and_environment(cli: Cli) -> None:
    cli.ok("run", "-d", "--name", "host", "demo", "sleep", "100")
    done = cli("exec", "-e", "A=1", "-w", "/tmp", "host", "sh", "-c", "echo $A $PWD; echo err >&2; exit 7")
    assert (done.returncode, done.stdout, done.stderr) == (7, "1 /tmp\n", "err\n")
    assert cli.ok("exec", "-i", "host", "cat", input=b"in and out") == "in and out"
    assert cli("exec", "host", "no-such-program").returncode == 127
    assert cli("exec", "host", "/etc/passwd").returncode == 126
    assert cli("exec", "no-such-container", "true").returncode == 125
    cli.ok("exec", "-d", "host", "sleep", "77")
    assert "sleep 77" in cli.ok("top", "host", "--format", "{{.Command}}")


def test_start_attached_repeats_a_container(cli: Cli) -> None:
    assert len(cli.ok("create", "--name", "again", "-i", "demo", "cat")) == 64
    assert cli.ok("start", "-ai", "again", input=b"first") == "first"
    assert cli.ok("start", "-ai", "again", input=b"second") == "second"


def cli_wait_for(cli: Cli, name: str, state: str) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if cli.ok("ps", "-a", "--filter", f"name={name}", "--format", "{{.State}}") == state:
            return
    raise AssertionError(f"{name} did not become {state}")


def test_groups_hosts_shared_memory_and_annotations_are_as_asked_for(cli: Cli) -> None:
    flags = ["--group-add", "7", "--add-host", "db:10.0.0.7", "--add-host", "six=[fd00::6]", "--shm-size", "1m"]
    script = "id -G; tail -n 2 /etc/hosts; stat -f -c '%S %b' /dev/shm"
    cli.ok("create", "--name", "/asked", *flags, "--annotation", "a.b=c=d", "-u", "5:6", "demo", "sh", "-c", script)
    groups, db, six, shm = cli.ok("start", "-a", "asked").splitlines()
    assert sorted(groups.split()) == ["6", "7"]
    assert (db, six) == ("10.0.0.7\tdb", "fd00::6\tsix")
    size, blocks = map(int, shm.split())
    assert size * blocks == 1 << 20
    shown = cli.ok("inspect", "asked", "-f", '{{json .HostConfig}} {{index .Spec.annotations "a.b"}}')
    assert shown.endswith(" c=d")
    for part in ('"GroupAdd":["7"]', '"ExtraHosts":["db:10.0.0.7","six:fd00::6"]', '"ShmSize":1048576'):
        assert part in shown


def test_a_source_that_is_missing_is_made_for_a_volume_alone(cli: Cli, tmp_path: Path) -> None:
    """Whatever the umask is."""
    source = tmp_path / "not" / "there"
    words = cli.words("run", "--rm", "-v", f"{source}:/x", "demo", "sh", "-c", "echo inside > /x/file")
    assert subprocess.run(words, umask=0o077, check=False, env=cli.environment).returncode == 0
    assert (source / "file").read_text() == "inside\n"
    assert [path.stat().st_mode & 0o7777 for path in (source.parent, source)] == [0o755, 0o755]
    refused = cli("run", "--rm", "--mount", f"type=bind,source={tmp_path}/none,target=/x", "demo", "true")
    assert refused.returncode == 125 and "is not there" in refused.stderr
    assert not (tmp_path / "none").exists()
