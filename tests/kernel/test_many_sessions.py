"""Sessions without end: they are refused by name before a shim's or an engine's descriptors are used up, and whoever
has opened that many can still end the container."""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from tests.kernel.boxes import Boxes, everything
from tests.kernel.host import eventually, shims
from tests.support import require
from tuicont.core.engine.engine import LocalEngine
from tuicont.core.errors import Conflict
from tuicont.core.model.request import ContainerRequest, ExecRequest
from tuicont.core.model.state import State
from tuicont.core.runtime.base import Session
from tuicont.core.shim.records import SOCKET_NAME
from tuicont.core.sys import sockets

SESSIONS = 1000
"""That a shim takes: `SESSIONS` of server.c."""


PROJECT = Path(__file__).parents[2]


def in_another_process(script: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", dedent(script)], capture_output=True, text=True, cwd=PROJECT, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture
def files() -> Iterator[None]:
    """As many files for this process as it may have."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (before[1], before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.fixture
def opened() -> Iterator[contextlib.ExitStack]:
    with contextlib.ExitStack() as stack:
        yield stack


def started(engine: LocalEngine) -> None:
    engine.containers.create(ContainerRequest(image="demo", name="busy", command=("sleep", "1000")))
    engine.tasks.start("busy")


def attach_until_refused(engine: LocalEngine, opened: contextlib.ExitStack) -> tuple[list[Session], Conflict]:
    sessions: list[Session] = []
    with pytest.raises(Conflict) as refused:
        for _ in range(2 * SESSIONS):
            session = engine.tasks.attach("busy")
            opened.callback(session.close)
            sessions.append(session)
    return sessions, refused.value


@pytest.mark.usefixtures("files")
def test_one_session_too_many_is_refused_by_name_and_control_goes_on(
    engine: LocalEngine, opened: contextlib.ExitStack
) -> None:
    started(engine)
    sessions, refused = attach_until_refused(engine, opened)
    assert len(sessions) == SESSIONS
    assert refused.cause == f"too many sessions: {SESSIONS} are open" and refused.hint
    with pytest.raises(Conflict, match=f"too many sessions: {SESSIONS} are open"):
        engine.tasks.exec("busy", ExecRequest(command=("true",)))
    assert [c.state for c in engine.containers.list()] == [State.RUNNING]
    engine.tasks.pause("busy")
    engine.tasks.unpause("busy")
    engine.tasks.kill("busy", "SIGWINCH")
    sessions.pop().close()
    with contextlib.closing(engine.tasks.exec("busy", ExecRequest(command=("echo", "room"), stdin_open=False))) as one:
        assert everything(one) == "room\n"
    engine.tasks.kill("busy")
    assert engine.containers.get("busy").state is State.EXITED


@pytest.mark.usefixtures("files")
def test_execs_count_too_and_stop_works_at_the_limit(engine: LocalEngine, opened: contextlib.ExitStack) -> None:
    started(engine)
    for _ in range(20):
        opened.callback(engine.tasks.exec("busy", ExecRequest(command=("sleep", "1000"))).close)
    sessions, _ = attach_until_refused(engine, opened)
    assert len(sessions) == SESSIONS - 20
    assert engine.tasks.stop("busy", timeout=0).state is State.EXITED


def test_an_engine_s_last_descriptors_are_for_control(engine: LocalEngine, opened: contextlib.ExitStack) -> None:
    """In a process of its own, as a hard limit does not come back."""
    started(engine)
    script = f"""
        import contextlib, os, resource
        import pytest
        from tests.kernel.test_many_sessions import attach_until_refused
        from tuicont.core.engine.open import open_engine
        from tuicont.core.errors import Conflict
        from tuicont.core.model.container import LogQuery
        from tuicont.core.model.state import State
        used = len(os.listdir("/proc/self/fd"))
        resource.setrlimit(resource.RLIMIT_NOFILE, (used + 20, used + 200))
        engine, opened = open_engine({engine.host.info().root!r}), contextlib.ExitStack()
        sessions, refused = attach_until_refused(engine, opened)
        assert 50 < len(sessions) < 100 and "too many sessions" in refused.cause and "ulimit" in refused.hint
        with pytest.raises(Conflict, match="too many sessions"):
            engine.views.logs("busy", LogQuery(follow=True))
        assert [c.state for c in engine.containers.list()] == [State.RUNNING]
        engine.tasks.kill("busy")
        assert engine.containers.get("busy").state is State.EXITED
    """
    in_another_process(script)


def test_a_shim_with_few_descriptors_takes_few_sessions_and_answers_on(
    boxes: Boxes, opened: contextlib.ExitStack
) -> None:
    """Its limit is the hard one of who started it, where that cannot be raised."""
    script = f"""
        import os, resource, sys
        from tests.kernel.boxes import Boxes
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
        boxes = Boxes.__new__(Boxes)
        boxes.__dict__.update(dir={boxes.dir!r}, rootfs={boxes.rootfs!r}, specs={{}}, _tasks=[])
        boxes.runtime = boxes.new_runtime()
        boxes.start("sleep", "100")
        os._exit(0)
    """
    in_another_process(script)
    (shim,) = shims(boxes.dir)
    task = boxes.runtime.load("one", f"{boxes.dir}/one/run")
    assert task is not None
    boxes.adopt(task)
    limit = resource.prlimit(shim, resource.RLIMIT_NOFILE)[0]
    if limit > 64:
        pytest.skip("limits can be raised here")
    with pytest.raises(Conflict, match="too many sessions: 4 are open"):
        for _ in range(10):
            opened.callback(task.attach(stdin=False).close)
    for _ in range(100):
        opened.callback(sockets.connect(f"{boxes.dir}/one/run", SOCKET_NAME).close)
    with pytest.raises(Conflict, match="too many sessions"):
        task.running()
    assert len(os.listdir(f"/proc/{shim}/fd")) < 64


def test_a_log_is_followed_where_nothing_tells_of_changes(engine: LocalEngine, root: str) -> None:
    """Root's watchers are used up by any container that runs as root: here a user namespace has none to give."""
    request = ContainerRequest(
        image="demo", name="writes", command=("sh", "-c", "echo one; read l; echo two"), stdin_open=True
    )
    engine.containers.create(request)
    engine.tasks.start("writes")
    log = f"{root}/logs/{engine.containers.get('writes').id}/log"
    eventually(lambda: os.path.exists(log))
    script = f"""
        from tuicont.core.events.doorbell import Doorbell
        from tuicont.core.files.watching import CREATE, watched
        from tuicont.core.logs.reader import read_log
        from tuicont.core.model.container import LogQuery
        assert watched(("/", CREATE)) is None
        bell = Doorbell({root!r} + "/run/doorbell", {root!r} + "/run/exits").listen()
        assert bell.wait() and not bell.wait(0.01)
        bell.stop()
        assert not bell.wait()
        found = []
        for line in read_log({log!r}, LogQuery(follow=True), lambda: len(found) == 2):
            found.append(line.text)
            print(line.text, flush=True)
    """
    shell = 'echo 0 > /proc/sys/user/max_inotify_instances && exec "$0" -c "$1"'
    command = [require("unshare"), "--user", "--map-root-user", "sh", "-c", shell, sys.executable, dedent(script)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=PROJECT) as follower:
        assert follower.stdout is not None
        assert follower.stdout.readline() == "one\n"
        with contextlib.closing(engine.tasks.attach("writes")) as session:
            session.write(b"go\n")
        assert follower.stdout.read() == "two\n"
    assert follower.returncode == 0
