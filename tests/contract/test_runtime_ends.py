"""How what every runtime makes fails, ends, and is found again after a crash; asked of the kernel."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import pytest

from tests.contract.cgroups import LAYOUT
from tests.contract.runtimes import Containers, output, run_exec
from tests.kernel.boxes import everything
from tests.kernel.host import eventually, shims, state
from tuicont.core.errors import CommandNotExecutable, CommandNotFound, EngineError, NotFound
from tuicont.core.runtime.base import TaskState

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(LAYOUT.mode == "none", reason="no cgroup file system is mounted"),
]


# failing


def test_a_command_that_is_not_there_is_127(made: Containers) -> None:
    with pytest.raises(CommandNotFound, match="nonsense"):
        made.start("nonsense")
    eventually(lambda: made.left() == [], 20)


@pytest.mark.parametrize("path", ["/bin", "/bin/text"])
def test_a_command_that_cannot_be_executed_is_126(made: Containers, path: str) -> None:
    with open(f"{made.rootfs}/bin/text", "w") as file:
        file.write("text\n")
    with pytest.raises(CommandNotExecutable, match=path):
        made.start(path)
    eventually(lambda: made.left() == [], 20)


REFUSED: dict[str, Mapping[str, Any]] = {
    "RLIMIT_NONSENSE": {"process": {"rlimits": [{"type": "RLIMIT_NONSENSE", "soft": 1, "hard": 1}]}},
    "nonsense": {"linux": {"namespaces": [{"type": "mount"}, {"type": "nonsense"}]}},
}


@pytest.mark.parametrize("field", REFUSED)
def test_what_cannot_be_carried_out_is_refused_by_name(made: Containers, field: str) -> None:
    with pytest.raises(EngineError, match=field):
        made.start(spec=made.spec("true", **REFUSED[field]))
    eventually(lambda: made.left() == [], 20)


def test_a_mount_that_fails_leaves_nothing(made: Containers) -> None:
    mount = {"destination": "/data", "type": "bind", "source": f"{made.dir}/missing", "options": ["rbind"]}
    with pytest.raises(EngineError, match="missing"):
        made.start(spec=made.spec("true", mounts=[mount]))
    eventually(lambda: made.left() == [], 20)


# ends and crashes


def test_a_released_container_that_is_cleaned_up_leaves_nothing(made: Containers) -> None:
    task = made.start("sh", "-c", "exit 1")
    run_dir = f"{made.dir}/one/run"
    with open(f"{run_dir}/hosts", "w") as file:
        file.write("the caller's")
    task.wait(20)
    made.cgroups.driver.remove("one")
    assert task.release()
    made.runtime.clean("one", run_dir)
    made.runtime.clean("one", run_dir)
    os.unlink(f"{made.dir}/one/exit")
    eventually(lambda: made.left() == [], 20)
    assert not os.path.exists(run_dir)
    assert made.cgroups.driver.groups() == ()


def test_another_runtime_object_finds_a_running_container(made: Containers) -> None:
    task = made.start("sh", "-c", "echo before; read line; echo $line; exit 21", stdin_open=True)
    run_dir = f"{made.dir}/one/run"
    other = made.new_runtime()
    assert other.alive(run_dir)
    again = other.load("one", run_dir)
    assert again is not None
    assert (again.pid, again.start_time, again.state) == (task.pid, task.start_time, TaskState.RUNNING)
    assert output(run_exec(made, again, "hostname")) == "box\n"
    with contextlib.closing(again.attach(stdin=True)) as session:
        session.write(b"after\n")
        assert everything(session, 20) == "after\n"
    assert again.wait(20).code == task.wait(20).code == 21
    assert other.load("none", f"{made.dir}/none") is None
    again.close()


ENGINE = """
import sys
sys.path.insert(0, {tests!r})
from tests.contract.runtimes import Containers
made = Containers({kind!r})
task = made.start("sh", "-c", "echo before; read line; echo $line; exit 21", stdin_open=True)
print(made.dir, task.pid, task.start_time, flush=True)
sys.stdin.readline()
"""


def test_a_container_outlives_its_engine(made: Containers) -> None:
    code = ENGINE.format(tests=os.getcwd(), kind=made.kind)
    engine = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert engine.stdout
    directory, pid, start_time = engine.stdout.readline().split()
    engine.kill()
    engine.wait()
    parent = f"tuicont-test-{engine.pid}"
    try:
        task = made.runtime.load("one", f"{directory}/one/run")
        assert task is not None
        assert (task.pid, task.start_time) == (int(pid), int(start_time))
        with contextlib.closing(task.attach(stdin=True)) as session:
            session.write(b"after\n")
            assert everything(session, 20) == "after\n"
        assert task.wait(20).code == 21
        with open(f"{directory}/one/log") as file:
            assert [line.split()[3] for line in file] == ["before", "after"]
        task.release()
        made.runtime.clean("one", f"{directory}/one/run")
        eventually(lambda: shims(directory) == [], 20)
    finally:
        subprocess.run(["rm", "-rf", directory], check=True)
        made.cgroups.clean_up(parent)


def test_a_shim_that_was_killed_is_told_as_such(made: Containers) -> None:
    task = made.start("sleep", "100")
    (shim,) = shims(made.dir)
    os.kill(shim, signal.SIGKILL)
    with pytest.raises(NotFound):
        task.wait(20)
    with pytest.raises(EngineError):
        task.attach(stdin=False)
    assert made.cgroups.driver.open("one").kill(signal.SIGKILL) == 1
    eventually(lambda: not state(task.pid), 20)
    os.waitpid(shim, 0x40000000)
    assert made.runtime.load("one", f"{made.dir}/one/run") is None
    made.runtime.clean("one", f"{made.dir}/one/run")
    assert made.left() == []
