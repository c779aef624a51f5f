"""The verbs that look at containers and change their state, each effect read from the kernel where it has one."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli import Cli
from tests.support import require

pytestmark = [pytest.mark.kernel, pytest.mark.e2e]


@pytest.fixture
def web(cli: Cli) -> str:
    """A running container."""
    cli.ok("run", "-d", "--name", "web", "-m", "64m", "-l", "tier=front", "demo", "sleep", "1000")
    return "web"


def pid_of(cli: Cli, name: str) -> int:
    return int(cli.ok("ps", "-a", "--filter", f"name={name}", "--format", "{{.Pid}}"))


def test_pause_stops_and_unpause_goes_on(cli: Cli) -> None:
    cli.ok("run", "-d", "--name", "busy", "demo", "sh", "-c", "while :; do :; done")
    stat = Path(f"/proc/{pid_of(cli, 'busy')}/stat")

    def ticks() -> int:
        return int(stat.read_text().rpartition(")")[2].split()[11])

    assert cli.ok("pause", "busy") == "busy"
    assert cli.ok("ps", "--format", "{{.State}} {{.Status}}").endswith("(Paused)")
    before = ticks()
    time.sleep(0.2)
    assert ticks() == before
    assert cli.ok("unpause", "busy") == "busy"
    deadline = time.monotonic() + 10
    while ticks() == before:
        assert time.monotonic() < deadline


def test_stop_asks_first_and_kills_then(cli: Cli) -> None:
    polite = "trap 'exit 3' TERM; while :; do sleep 0.05; done"
    cli.ok("run", "-d", "--name", "polite", "demo", "sh", "-c", polite)
    cli.ok("run", "-d", "--name", "deaf", "demo", "sleep", "1000")
    pids = [pid_of(cli, "polite"), pid_of(cli, "deaf")]
    wait_until_trapped(pids[0])
    assert cli.ok("stop", "-t", "5", "polite") == "polite"
    assert cli.ok("stop", "-t", "0.2", "deaf") == "deaf"
    assert cli.ok("wait", "polite", "deaf") == "3\n137"
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)


def wait_until_trapped(pid: int) -> None:
    deadline = time.monotonic() + 10
    while not int(re.findall(r"SigCgt:\s*(\w+)", Path(f"/proc/{pid}/status").read_text())[0], 16) >> 14 & 1:
        assert time.monotonic() < deadline


def test_kill_sends_any_signal(cli: Cli) -> None:
    cli.ok("run", "-d", "--name", "c", "demo", "sh", "-c", "trap 'exit 4' TERM; while :; do sleep 0.05; done")
    wait_until_trapped(pid_of(cli, "c"))
    done = cli("kill", "-s", "NONSENSE", "c")
    assert done.returncode == 1 and "NONSENSE" in done.stderr
    cli.ok("kill", "-s", "TERM", "c")
    assert cli.ok("wait", "c") == "4"


def test_restart_gives_another_process(cli: Cli, web: str) -> None:
    before = pid_of(cli, web)
    cli.ok("restart", "-t", "0", web)
    assert pid_of(cli, web) not in (0, before)


def test_several_containers_go_on_after_an_error(cli: Cli, web: str) -> None:
    done = cli("pause", "nobody", web)
    assert (done.returncode, done.stdout) == (1, "web\n") and "nobody" in done.stderr
    assert cli("rm", "-f", "nobody").returncode == 0
    assert cli("rm", "nobody").returncode == 1
    assert cli("rm", web).returncode == 1
    assert cli.ok("rm", "-f", web) == web


def test_rename_and_wrong_names(cli: Cli, web: str) -> None:
    assert cli.ok("rename", web, "front") == ""
    assert cli.ok("ps", "--format", "{{.Names}}") == "front"
    assert cli("run", "-d", "--name", "front", "demo", "true").returncode == 125
    assert cli("run", "-d", "--name", "bad name", "demo", "true").returncode == 125


def test_update_reaches_the_cgroup(cli: Cli, web: str) -> None:
    cli.ok("update", "-m", "96m", "--pids-limit", "50", web)
    text = Path(f"/proc/{pid_of(cli, web)}/cgroup").read_text()
    limits = [read_limit(line) for line in text.splitlines()]
    assert str(96 << 20) in limits and "50" in limits


def read_limit(line: str) -> str:
    """The limit that the cgroup of one line of /proc/PID/cgroup has for memory or pids."""
    _, controllers, path = line.split(":", 2)
    for mount in Path("/proc/self/mountinfo").read_text().splitlines():
        fields, _, rest = mount.partition(" - ")
        kind, _, options = rest.split(" ", 2)
        root = Path(fields.split()[4] + path)
        if kind == "cgroup" and controllers in options.split(",") and controllers in ("memory", "pids"):
            name = "memory.limit_in_bytes" if controllers == "memory" else "pids.max"
            return (root / name).read_text().strip()
        if kind == "cgroup2" and not controllers and (root / "memory.max").exists():
            return (root / "memory.max").read_text().strip()
    return ""


def test_ps_filters_formats_and_counts(cli: Cli, web: str) -> None:
    cli.ok("create", "--name", "fresh", "demo", "true")
    assert cli.ok("ps", "--format", "{{.Names}}") == "web"
    assert cli.ok("ps", "-a", "--format", "{{.Names}}") == "fresh\nweb"
    assert cli.ok("ps", "-a", "--filter", "status=created", "--format", "{{.Names}}") == "fresh"
    assert cli.ok("ps", "--filter", "label=tier=front", "-q") == cli.ok("ps", "-q", "--filter", "name=web")
    assert cli.ok("ps", "-l", "--format", "{{.Names}}") == "fresh"
    heading, row = cli.ok("ps").splitlines()
    assert heading.split()[:3] == ["CONTAINER", "ID", "IMAGE"] and "web" in row and "Up " in row
    described = [json.loads(line) for line in cli.ok("ps", "-a", "--format", "json").splitlines()]
    assert {d["Names"]: d["State"] for d in described} == {"web": "running", "fresh": "created"}
    assert len(cli.ok("ps", "-q", "--no-trunc")) == 64
    assert cli("ps", "--filter", "colour=red").returncode == 125


def test_ps_shows_what_was_written(cli: Cli) -> None:
    cli.ok("run", "--name", "w", "demo", "sh", "-c", "dd if=/dev/zero of=/big bs=1024 count=2048 2>/dev/null")
    assert re.fullmatch(r"2\.\d+MB \(virtual .*B\)", cli.ok("ps", "-as", "--format", "{{.Size}}"))
    written, whole = map(int, cli.ok("inspect", "-s", "-f", "{{.SizeRw}} {{.SizeRootFs}}", "w").split())
    assert 2 << 20 <= written < whole


def test_logs_select_lines(cli: Cli) -> None:
    cli.ok(
        "run",
        "--name",
        "l",
        "demo",
        "sh",
        "-c",
        "echo line 1; echo line 2; sleep 0.1; for i in 3 4 5; do echo line $i; done; echo oops >&2",
    )
    done = cli("logs", "l")
    assert done.stdout.splitlines() == [f"line {i}" for i in range(1, 6)] and done.stderr == "oops\n"
    assert cli.ok("logs", "--tail", "2", "l") == "line 5"
    stamp = cli.ok("logs", "-t", "l").splitlines()[2].split()[0]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z", stamp)
    assert cli.ok("logs", "--since", stamp, "l").splitlines() == ["line 3", "line 4", "line 5"]
    assert cli.ok("logs", "--until", stamp, "l").splitlines() == ["line 1", "line 2"]


def test_a_long_line_is_stamped_once_and_one_without_end_is_not_given_one(cli: Cli) -> None:
    script = "dd if=/dev/zero bs=1000 count=200 2>/dev/null | tr '\\0' x; echo; printf 'no end'"
    cli.ok("run", "--name", "long", "demo", "sh", "-c", script)
    assert cli("logs", "long").stdout == f"{'x' * 200_000}\nno end"
    stamped = cli("logs", "-t", "long").stdout.split("\n")
    assert [line.partition("Z ")[2] for line in stamped] == ["x" * 200_000, "no end"]


def test_logs_follow_until_the_end(cli: Cli) -> None:
    cli.ok("run", "-d", "--name", "f", "-i", "demo", "sh", "-c", "echo first; sleep 0.4; echo last")
    assert cli.ok("logs", "-f", "f").splitlines() == ["first", "last"]


def test_inspect_finds_containers_and_images(cli: Cli, web: str) -> None:
    (described,) = json.loads(cli.ok("inspect", web))
    assert described["State"]["Pid"] == pid_of(cli, web) and described["HostConfig"]["Memory"] == 64 << 20
    assert cli.ok("inspect", "-f", "{{.State.Status}} {{.Config.Image}} {{json .Config.Labels}}", web) == (
        'running demo {"tier":"front"}'
    )
    assert json.loads(cli.ok("inspect", "demo")) == json.loads(cli.ok("image", "inspect", "demo"))
    done = cli("inspect", "nobody", web)
    assert done.returncode == 1 and len(json.loads(done.stdout)) == 1 and "nobody" in done.stderr
    assert cli("inspect", "--type", "container", "demo").returncode == 1


def test_top_numbers_processes_from_both_sides(cli: Cli, web: str) -> None:
    (process,) = [json.loads(line) for line in cli.ok("top", web, "--format", "json").splitlines()]
    assert (process["Pid"], process["InnerPid"], process["Command"]) == (pid_of(cli, web), 1, "sleep 1000")


def test_stats_once_has_what_the_kernel_counts(cli: Cli, web: str) -> None:
    (row,) = [json.loads(line) for line in cli.ok("stats", "--no-stream", "--format", "json", web).splitlines()]
    assert row["Name"] == "web" and row["PIDs"] == "1" and row["MemUsage"].endswith("/ 64MiB")
    assert cli("stats", "--no-stream", "nobody").returncode == 125


def test_events_tell_what_happened_and_what_happens(cli: Cli, web: str) -> None:
    cli.ok("pause", web)
    cli.ok("unpause", web)
    past = cli.ok("events", "--since", "10m", "--until", "0s", "--filter", "container=web", "--format", "{{.Topic}}")
    assert past.splitlines()[-2:] == ["/tasks/paused", "/tasks/resumed"]
    assert "/containers/create" in past
    words = ("--since", "10m", "--until", "0s", "--format", "{{.Status}} {{.From}} {{.Actor.Attributes.tier}}")
    assert cli.ok("events", *words, "-f", "label=tier=front").splitlines()[-2:] == [
        "pause demo front",
        "unpause demo front",
    ]
    follower = cli.popen("events", "--filter", "event=paused", "--format", "json", stdout=subprocess.PIPE)
    assert follower.stdout is not None
    try:
        # The follower sees only what comes after it began: repeat until it has.
        deadline = time.monotonic() + 10
        while not readable(follower.stdout.fileno(), 0.3):
            assert time.monotonic() < deadline
            cli.ok("pause", web)
            cli.ok("unpause", web)
        assert json.loads(follower.stdout.readline())["Name"] == "web"
    finally:
        follower.terminate()
        follower.wait()
        follower.stdout.close()


def readable(fd: int, timeout: float) -> bool:
    import select

    return bool(select.select([fd], [], [], timeout)[0])


def test_prune_removes_what_does_not_run(cli: Cli, web: str) -> None:
    cli.ok("create", "--name", "fresh", "demo", "true")
    asked = cli("prune", input=b"n\n")
    assert asked.returncode == 1 and "[y/N]" in asked.stdout
    assert "Deleted containers:" in cli.ok("container", "prune", "-f")
    assert cli.ok("ps", "-a", "--format", "{{.Names}}") == "web"


def test_what_is_so_already_is_done(cli: Cli, web: str) -> None:
    pid = pid_of(cli, web)
    assert cli.ok("start", web) == web and pid_of(cli, web) == pid
    cli.ok("pause", web)
    assert "it is paused" in cli("start", web).stderr
    assert cli.ok("stop", "-t", "0", web) == cli.ok("stop", web) == web
    assert cli("kill", web).returncode == 1
    cli.ok("create", "--name", "fresh", "demo", "true")
    assert cli.ok("stop", "fresh") == "fresh"
    assert cli("stop", "nobody").returncode == 1


def test_a_stop_without_an_end_of_patience_waits(cli: Cli) -> None:
    deaf = "trap 'touch /asked' TERM; while [ ! -e /go ]; do sleep 0.05; done; exit 5"
    cli.ok("run", "-d", "--name", "deaf", "--stop-timeout", "0", "demo", "sh", "-c", deaf)
    wait_until_trapped(pid_of(cli, "deaf"))
    stopping = cli.popen("stop", "-t", "-1", "deaf", stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 20
    while cli("exec", "deaf", "ls", "/asked").returncode:
        assert time.monotonic() < deadline
    assert stopping.poll() is None
    cli.ok("exec", "deaf", "touch", "/go")
    assert stopping.wait(20) == 0
    assert cli.ok("wait", "deaf") == "5"


def test_several_are_stopped_side_by_side(cli: Cli) -> None:
    names = ["d1", "d2", "d3", "d4"]
    for name in names:
        cli.ok("run", "-d", "--name", name, "demo", "sleep", "1000")
    began = time.monotonic()
    done = cli("stop", "-t", "2", *names, "nobody")
    assert time.monotonic() - began < 2 * len(names)
    assert (done.returncode, done.stdout.split()) == (1, names) and "nobody" in done.stderr
    assert cli.ok("rm", *names).split() == names


def test_a_container_with_little_memory_runs(cli: Cli) -> None:
    done = cli("run", "--rm", "-m", "1m", "demo", "true")
    assert done.returncode == 0 and done.stderr.startswith("warning: ")


def test_what_an_image_says_is_its_containers(cli: Cli, tmp_path: Path) -> None:
    require("skopeo", "umoci")
    layout = tmp_path / "layout"
    settings = {
        "label": "own=image",
        "cmd": "sleep",
        "user": "nobody",
        "stopsignal": "SIGUSR1",
        "exposedports": "80/tcp",
        "volume": "/vol",
        "env": "A=1",
        "workingdir": "/srv",
    }
    for words in (
        ("umoci", "init", "--layout", str(layout)),
        ("umoci", "new", "--image", f"{layout}:v1"),
        ("umoci", "config", "--image", f"{layout}:v1", *(f"--config.{key}={value}" for key, value in settings.items())),
        ("skopeo", "copy", "-q", f"oci:{layout}:v1", f"docker-archive:{tmp_path}/a.tar:example/told:v1"),
    ):
        subprocess.run(words, check=True, capture_output=True)
    cli.ok("load", "-i", f"{tmp_path}/a.tar")
    cli.ok("create", "--user", "0", "--name", "told", "-l", "mine=yes", "example/told:v1")
    config = json.loads(cli.ok("inspect", "-f", "{{json .Config}}", "told"))
    assert config["Labels"] == {"mine": "yes", "own": "image"}
    assert (config["Cmd"], config["User"], config["StopSignal"]) == (["sleep"], "0", "SIGUSR1")
    assert (config["ExposedPorts"], config["Volumes"]) == ({"80/tcp": {}}, {"/vol": {}})
    assert "A=1" in config["Env"] and config["WorkingDir"] == "/srv"
    for filters in (["label=own=image", "label=mine"], ["ancestor=example/told:v1"], ["name=^/told$"]):
        wanted = [word for pair in filters for word in ("-f", pair)]
        assert cli.ok("ps", "-a", *wanted, "--format", '{{.Names}} {{.Label "own"}}') == "told image"
    cli.ok("rm", "told")
    events = cli.ok("events", "--since", "1m", "--until", "0s", "-f", "label=own=image", "-f", "type=container")
    assert "/containers/create" in events and "/containers/delete" in events
    cli.ok("rmi", "example/told:v1")


def test_prune_keeps_what_its_filters_do_not_name(cli: Cli) -> None:
    for name in ("keep", "go"):
        cli.ok("create", "--name", name, "-l", f"what={name}", "demo", "true")
    assert "there is no filter 'colour'" in cli("container", "prune", "-f", "--filter", "colour=red").stderr
    cli.ok("container", "prune", "-f", "--filter", "until=1h")
    cli.ok("prune", "-f", "--filter", "label!=what")
    assert cli.ok("ps", "-a", "--format", "{{.Names}}") == "go\nkeep"
    cli.ok("container", "prune", "-f", "--filter", "label=what=go", "--filter", "until=0s")
    assert cli.ok("ps", "-a", "--format", "{{.Names}}") == "keep"


def test_images_are_listed_and_real_ones_loaded_and_removed(cli: Cli, tmp_path: Path) -> None:
    require("skopeo", "umoci")
    layout = tmp_path / "layout"
    for words in (
        ("umoci", "init", "--layout", str(layout)),
        ("umoci", "new", "--image", f"{layout}:v1"),
        ("skopeo", "copy", "-q", f"oci:{layout}:v1", f"docker-archive:{tmp_path}/a.tar:example/empty:v1"),
    ):
        subprocess.run(words, check=True, capture_output=True)
    assert cli.ok("load", "-i", f"{tmp_path}/a.tar").startswith("Loaded image: ")
    assert re.search(r"example/empty +v1 +[0-9a-f]{12}", cli.ok("images"))
    assert cli.ok("images", "-q", "*/empty") or cli.ok("images", "-q", "example/empty")
    assert "Untagged: " in cli.ok("rmi", "example/empty:v1")
    assert cli("rmi", "example/empty:v1").returncode == 1
    cli.ok("image", "inspect", "demo")
    assert "demo" in cli.ok("images", "--format", "{{.Repository}}").split()
    named = cli.ok("images", "-q", "--filter", "dangling=F").split()
    assert named and not set(named) & set(cli.ok("images", "-q", "--filter", "dangling=1").split())
    assert "'maybe' is neither true nor false" in cli("images", "--filter", "dangling=maybe").stderr


def test_info_doctor_and_version(cli: Cli) -> None:
    told = cli.ok("info")
    assert str(cli.root) in told
    assert re.search(r"cgroups: .*, below tuicont-[0-9a-f]+-[0-9a-f]+/", told)
    assert json.loads(cli.ok("info", "--format", "json"))["root"].startswith(str(cli.root))
    assert cli.ok("info", "-f", "{{.DockerRootDir}} {{.OSType}}") == f"{cli.root} linux"
    assert re.match(r"\d", cli.ok("version", "-f", "{{.Server.Version}}"))
    doctor = cli.ok("doctor")
    assert "✔" in doctor
    assert sys.executable in doctor
    assert re.match(r"tuicont version \d", cli.ok("--version"))


def test_bash_completes_verbs_flags_and_names(cli: Cli, web: str, tmp_path: Path) -> None:
    (tmp_path / "tuicont").write_text(f'#!/bin/sh\nexec {" ".join(cli.words())} "$@"\n')
    (tmp_path / "tuicont").chmod(0o755)

    def complete(line: str) -> list[str]:
        words = line.split(" ")
        script = (
            f"PATH={tmp_path}:{Path(sys.executable).parent}:$PATH; source <(tuicont completion bash);"
            f"COMP_WORDS=({' '.join(w or chr(39) * 2 for w in words)}); COMP_CWORD={len(words) - 1}; _tuicont;"
            'printf "%s\\n" "${COMPREPLY[@]}"'
        )
        return subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True).stdout.split()

    assert complete("tuicont unp") == ["unpause"]
    assert complete("tuicont run --mem") == ["--memory", "--memory-swap", "--memory-reservation"]
    assert complete("tuicont stop w") == ["web"]
    assert complete("tuicont image i") == ["inspect"]
    assert complete("tuicont container stop w") == ["web"]
    assert complete("tuicont --ro") == ["--root"]
    assert complete("tuicont --read-only --runtime crun unp") == ["unpause"]
    assert complete(f"tuicont --root = {tmp_path}/empty stop w") == [], "of that root, which has none"
    assert complete("tuicont --storage-driver vfs run --mem")[0] == "--memory"
    assert complete("tuicont --root ") == [], "a file"
    assert complete(f"{tmp_path}/tuicont stop w") == ["web"]


def test_an_ordinary_user_is_told_to_use_sudo() -> None:
    script = (
        "import os; from tuicont.cli.main import main; from tuicont.cli.table import load;"
        "load('ps'); os.setuid(65534); exit(main(['ps']))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 125 and "needs root" in done.stderr and "sudo" in done.stderr
