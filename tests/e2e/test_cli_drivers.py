"""Which drivers the verbs use: by a container's flag, a global option, the configuration file, or what works here."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.cli import Cli
from tests.e2e.terminal import Terminal
from tests.support import require

pytestmark = [pytest.mark.kernel, pytest.mark.e2e]


def config(tmp_path: Path, text: str) -> str:
    path = tmp_path / "config.yaml"
    path.write_text(text)
    return str(path)


def made_with(cli: Cli, name: str) -> tuple[str, str]:
    (described,) = json.loads(cli.ok("inspect", name))
    return described["HostConfig"]["Runtime"], described["Driver"]


def test_engine_and_containers_tell_their_drivers(cli: Cli) -> None:
    cli.ok("run", "--name", "c", "--runtime", "native", "demo", "true")
    assert made_with(cli, "c") == ("native", "overlay")
    assert cli.ok("ps", "-a", "--format", "{{.Runtime}} {{.Driver}}") == "native overlay"
    assert cli.ok("info", "--format", "{{.runtime}} {{.storage_driver}}") == "native overlay"
    probes = [json.loads(line) for line in cli.ok("doctor", "--format", "json").splitlines()]
    assert {p["name"] for p in probes if p["used"]} >= {"native", "overlay"}


def test_options_name_the_drivers_of_what_is_made(cli: Cli) -> None:
    cli.ok("--runtime", "native", "--storage-driver", "overlay", "create", "--name", "c", "demo", "true")
    assert made_with(cli, "c") == ("native", "overlay")


def test_a_root_that_begins_with_another_storage_driver_stays_with_it(tmp_path: Path) -> None:
    cli = Cli(tmp_path / "root", tmp_path / "run")
    assert cli.ok("--storage-driver", "vfs", "run", "--rm", "demo", "echo", "copied") == "copied"
    cli.ok("create", "--name", "c", "demo", "true")
    assert made_with(cli, "c") == ("native", "vfs")
    assert os.path.isdir(tmp_path / "root/vfs") and cli.ok("info", "--format", "{{.storage_driver}}") == "vfs"
    cli.ok("rm", "c")


@pytest.mark.parametrize("runtime", ["crun", "runc"])
def test_another_runtime_runs_a_container_among_those_of_the_engines_own(cli: Cli, runtime: str) -> None:
    require(runtime)
    cli.ok("run", "-d", "--name", "c", "--runtime", runtime, "-m", "64m", "demo", "sleep", "1000")
    assert made_with(cli, "c") == (runtime, "overlay")
    assert cli.ok("exec", "c", "cat", "/proc/1/comm") == "sleep"
    cli.ok("pause", "c")
    cli.ok("unpause", "c")
    cli.ok("update", "-m", "128m", "c")
    (described,) = json.loads(cli.ok("inspect", "c"))
    assert described["HostConfig"]["Memory"] == described["Spec"]["linux"]["resources"]["memory"]["limit"] == 128 << 20
    cli.ok("kill", "c")
    assert cli.ok("wait", "c") == "137"
    cli.ok("rm", "c")


@pytest.mark.parametrize("runtime", ["native", "crun", "runc"])
def test_a_root_may_have_any_name(tmp_path: Path, runtime: str) -> None:
    if runtime != "native":
        require(runtime)
    cli = Cli(tmp_path / "a:b, c=d" / "root", tmp_path / "a:b, c=d" / "run")
    assert cli.ok("run", "--rm", "--runtime", runtime, "demo", "echo", "here") == "here"
    assert "not found" in cli("run", "--rm", "--runtime", runtime, "demo", "absent").stderr


def test_a_driver_that_there_is_not_is_said_at_once(cli: Cli, tmp_path: Path) -> None:
    for words in (
        ("--runtime", "fancy", "ps"),
        ("--storage-driver", "fancy", "ps"),
        ("run", "--rm", "--runtime", "fancy", "demo", "true"),
        ("--config", config(tmp_path, "runtime: fancy\n"), "ps"),
    ):
        done = cli(*words)
        assert done.returncode == 125, words
        assert " fancy: there is no " in done.stderr and "hint: there are " in done.stderr, words
    assert not (cli.root / "fancy").exists()


def test_the_configuration_file_is_read_by_the_verbs_and_named_in_what_is_wrong(cli: Cli, tmp_path: Path) -> None:
    file = config(tmp_path, "theme: light\nruntime: fancy\n")
    assert f"configuration: {file} (runtime: fancy)" in cli("--config", file, "ps").stderr
    assert cli.ok("--config", file, "--runtime", "native", "info", "--format", "{{.config_file}}") == file
    broken = config(tmp_path, "runtime: native\nruntimes: native\n")
    done = cli("--config", broken, "ps")
    assert done.returncode == 125 and f"{broken}:2: unknown key 'runtimes'" in done.stderr


def test_the_usual_places_are_looked_into(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tuicont").mkdir()
    (tmp_path / "tuicont" / "config.yaml").write_text("runtime: fancy\n")
    monkeypatch.setitem(cli.environment, "XDG_CONFIG_HOME", str(tmp_path))
    assert "there is no runtime fancy" in cli("ps").stderr
    # What opens no engine needs no file.
    assert cli.ok("--version").startswith("tuicont version")


def test_a_workstation_without_an_engine_says_why_and_nothing_else(cli: Cli, tmp_path: Path) -> None:
    words = cli.words("--config", config(tmp_path, "runtime: fancy\n"))
    with Terminal(words, cli.environment, cols=120, rows=30) as terminal:
        code, said = terminal.ended()
    assert code == 125
    first, *_, last = said.split("\n")[:3]
    assert (first, last.split(":")[0]) == ("cannot use the runtime fancy: there is no runtime fancy", "hint")
