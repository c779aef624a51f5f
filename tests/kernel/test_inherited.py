"""What a container has is what its specification says, never what the shell of who started it had."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.kernel.host import eventually, namespace, shims
from tests.kernel.shells import SECRET, may_raise, portrait, spoil
from tests.support import require
from tuicont.core.engine.engine import LocalEngine

pytestmark = pytest.mark.host_only  # starts of Python, which emulation makes slow


def as_it_is() -> None:
    """A shell like any other."""


@pytest.fixture(params=["native", "crun", "runc"])
def runtime(request: pytest.FixtureRequest) -> str:
    name = str(request.param)
    if name != "native":
        require(name)
    return name


def tuicont(root: str, shell: Callable[[], None], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "tuicont", "--root", root, *arguments],
        capture_output=True,
        text=True,
        preexec_fn=shell,
        restore_signals=False,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def entered(init: int) -> int:
    """The other process in a container, once it has executed its command."""
    there = namespace(init, "pid")

    def other() -> int:
        pids = (int(name) for name in os.listdir("/proc") if name.isdigit())
        return next((pid for pid in pids if _namespace(pid) == there and _command(pid) == "sleep\x00999\x00"), 0)

    found = eventually(other)
    assert isinstance(found, int)
    return found


def _namespace(pid: int) -> str:
    try:
        return namespace(pid, "pid")
    except OSError:
        return ""


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


def test_a_container_and_an_exec_have_nothing_of_the_shell_that_they_were_started_from(
    engine: LocalEngine, root: str, runtime: str
) -> None:
    portraits = {}
    for name, shell in (("clean", as_it_is), ("spoiled", spoil)):
        tuicont(root, shell, "run", "-d", "--name", name, "--runtime", runtime, "demo", "sleep", "1000")
        tuicont(root, shell, "exec", "-d", name, "sleep", "999")
        init = engine.containers.get(name).pid
        portraits[name] = portrait(init), portrait(entered(init))
    for mine, other in zip(portraits["spoiled"], portraits["clean"], strict=True):
        if runtime == "runc":  # as a Go program may: its run time raises the soft limit of open files in some releases
            mine["Max open files"], other["Max open files"] = (
                ["1024", of["Max open files"][1]] for of in (mine, other)
            )
        assert {name: (has, other[name]) for name, has in mine.items() if has != other[name]} == {}
        assert mine["Max core file size"] == ["0", "unlimited"]
        assert mine["Max stack size"] == ["8388608", "unlimited"]
        assert mine["Max open files"][0] == "1024"
        assert (mine["SigIgn"], mine["SigBlk"], mine["Groups"], mine["Umask"]) == ("0" * 16, "0" * 16, "0", "0022")
        assert (mine["nice"], mine["oom_score_adj"], mine["timerslack_ns"]) == (0, "0", "50000")
        assert (mine["personality"], mine["memory policy"], mine["THP_enabled"]) == ("00000000", {"default"}, "1")


def test_the_keys_of_the_caller_s_session_stay_its_own(root: str, engine: LocalEngine, runtime: str) -> None:
    assert SECRET in subprocess.run(["cat", "/proc/keys"], capture_output=True, text=True, preexec_fn=spoil).stdout
    seen = tuicont(
        root, spoil, "run", "--rm", "--runtime", runtime, "--security-opt", "seccomp=unconfined",
        *("--security-opt", "systempaths=unconfined", "demo", "cat", "/proc/keys"),
    )  # fmt: skip
    assert "_ses" in seen and SECRET not in seen


def test_a_shim_does_not_end_by_its_caller_s_limits(root: str, engine: LocalEngine) -> None:
    tuicont(root, spoil, "run", "-d", "--name", "kept", "demo", "sleep", "1000")
    (shim,) = shims(root)
    limits = portrait(shim)
    for name in ("Max cpu time", "Max file size", "Max address space", "Max data size"):
        assert limits[name] == ["unlimited", "unlimited"]
    soft, hard = limits["Max open files"]
    assert soft == hard
    assert not may_raise() or int(soft) >= 1 << 20
