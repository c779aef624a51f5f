"""Nothing stops control: whatever hangs (a start in the kernel, a shim, another engine), others are listed and ended in
seconds, and so is what hangs, as far as the kernel lets it go."""

from __future__ import annotations

import os
import re
import shutil
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.hung_fuse import HungFuse
from tests.kernel.host import cgroup_directories, eventually, shims, state
from tuicont.core.engine.engine import LocalEngine
from tuicont.core.engine.open import open_engine
from tuicont.core.errors import Conflict, EngineError, NotFound
from tuicont.core.model.container import Container
from tuicont.core.model.request import BindMount, ContainerRequest, ExecRequest
from tuicont.core.model.state import State

BOUND = 30.0
"""Seconds: what does not hang takes less on the busiest machine."""


def started(engine: LocalEngine, name: str) -> Container:
    made = engine.containers.create(ContainerRequest(image="demo", name=name, command=("sleep", "1000")))
    return engine.tasks.start(made.id)


def in_time(action: Callable[[], Any]) -> Any:
    """The answer of what must not hang."""
    pool = ThreadPoolExecutor(1)
    try:
        return pool.submit(action).result(BOUND)
    finally:
        pool.shutdown(wait=False)


def hung(engine: LocalEngine, container: Container) -> int:
    """The process of a start that waits in the kernel and cannot be killed; 0 as long as there is none."""
    for directory in cgroup_directories(engine.cgroup_parent, container.id):
        for pid in Path(directory, "cgroup.procs").read_text().split():
            if re.search("fuse|request_wait", Path(f"/proc/{pid}/wchan").read_text()):
                return int(pid)
    return 0


def test_a_start_that_hangs_in_the_kernel_stops_nobody_and_is_told_of(root: str, tmp_path: Path) -> None:
    with closing(open_engine(root)) as engine, ThreadPoolExecutor(1) as pool:
        other = started(engine, "other")
        with HungFuse(tmp_path / "dead") as dead:
            mounts = (BindMount(source=str(dead.place), target="/mnt"),)
            request = ContainerRequest(image="demo", name="hung", workdir="/mnt/sub", mounts=mounts)
            container = engine.containers.create(request)
            start = pool.submit(engine.tasks.start, container.id)
            eventually(lambda: hung(engine, container))
            with closing(in_time(lambda: open_engine(root))) as second:
                assert {c.name for c in in_time(second.containers.list)} == {"other", "hung"}
                session = in_time(lambda: second.tasks.exec("other", ExecRequest(command=("echo", "hello"))))
                assert in_time(lambda: session.read(BOUND))
                session.close()
                in_time(lambda: second.containers.inspect("hung"))
                with pytest.raises(Conflict, match="hangs in the kernel") as refused:
                    in_time(lambda: second.containers.remove("hung", force=True))
                assert refused.value.hint
                assert in_time(lambda: second.tasks.kill("other")).exit.code == 137
        with pytest.raises(EngineError):
            start.result(BOUND)
        engine.containers.remove("hung", force=True)
        assert not state(other.pid)


def test_a_container_whose_shim_was_stopped_is_ended_all_the_same(engine: LocalEngine, root: str) -> None:
    container = started(engine, "mute")
    (shim,) = shims(root)
    with closing(open_engine(root)) as second:
        os.kill(shim, signal.SIGSTOP)
        in_time(second.containers.list)
        in_time(lambda: second.containers.remove("mute", force=True))
        eventually(lambda: not state(container.pid) and state(shim) in ("", "Z"))
        with pytest.raises(NotFound):
            second.containers.get("mute")


def test_a_container_whose_shim_is_being_killed_is_ended_by_the_engine_that_started_it(
    engine: LocalEngine, root: str
) -> None:
    for _ in range(10):
        container = started(engine, "orphan")
        (shim,) = shims(root)
        os.kill(shim, signal.SIGKILL)
        in_time(lambda: engine.containers.remove("orphan", force=True))
        eventually(lambda pid=container.pid: state(pid) in ("", "Z"))
        eventually(lambda: not shims(root))


@pytest.mark.parametrize("lost", ["shim.sock", ""], ids=["its socket", "its directory"])
def test_a_container_whose_shim_cannot_be_reached_goes_on_and_can_be_killed(root: str, lost: str) -> None:
    with closing(open_engine(root)) as engine:
        container = started(engine, "lonely")
        (shim,) = shims(root)
    path = Path(root, "run/tasks", container.id, lost)
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    with closing(open_engine(root)) as engine:
        assert engine.containers.get("lonely").state is State.RUNNING
        assert state(container.pid) in ("R", "S")
        ended = engine.tasks.kill("lonely")
        assert ended.state is State.EXITED and ended.exit.code == 137
        engine.containers.remove("lonely")
    eventually(lambda: state(shim) in ("", "Z"))


def test_a_run_root_that_was_wiped_ends_nothing(root: str) -> None:
    with closing(open_engine(root)) as engine:
        container = started(engine, "runs")
    shutil.rmtree(f"{root}/run")
    with closing(open_engine(root)) as engine:
        assert engine.containers.get("runs").state is State.RUNNING and state(container.pid) in ("R", "S")
        assert engine.tasks.stop("runs", timeout=0).state is State.EXITED
        engine.containers.remove("runs")


def test_who_is_at_work_on_a_container_for_ever_is_not_waited_for(engine: LocalEngine, root: str) -> None:
    container = started(engine, "busy")
    with engine.containers._locks.container(container.id), closing(open_engine(root)) as second:
        began = time.monotonic()
        with pytest.raises(Conflict, match="somebody else has been at work there"):
            second.tasks.pause("busy")
        assert time.monotonic() - began < BOUND
        assert second.tasks.kill("busy").state is State.EXITED, "to end it takes no lock"
