"""Ctrl-C, SIGTERM and SIGHUP to the real program: it ends soon, says nothing but what it had to say, and leaves nothing
half made. (That is so at every moment of a verb: `test_crash`.)"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.hung_fuse import HungFuse
from tests.kernel.host import eventually, shims, status
from tests.kernel.test_hung import hung
from tuicont.core.engine.engine import LocalEngine
from tuicont.core.model.request import BindMount, ContainerRequest
from tuicont.core.model.state import State

BOUND = 30.0
"""Seconds, on the busiest machine: the program itself takes ten at most."""


def has_begun(process: subprocess.Popen[str]) -> bool:
    """Whether it handles SIGTERM: before, Python's own start is what a signal hits."""
    caught = int(status(process.pid, "SigCgt"), 16)
    return bool(caught >> signal.SIGTERM - 1 & 1) or process.poll() is not None


@contextmanager
def program(root: str, *words: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tuicont", "--root", root, *words]
    # A session of its own, as a terminal's: what is sent to its group reaches whatever it has started.
    with subprocess.Popen(
        command, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_start_that_hangs_is_given_up(engine: LocalEngine, root: str, tmp_path: Path, number: signal.Signals) -> None:
    with HungFuse(tmp_path / "dead") as dead:
        mounts = (BindMount(source=str(dead.place), target="/mnt"),)
        request = ContainerRequest(image="demo", name="hung", workdir="/mnt/sub", mounts=mounts)
        container = engine.containers.create(request)
        with program(root, "start", "hung") as start:
            eventually(lambda: hung(engine, container))
            os.killpg(start.pid, number)
            assert start.wait(BOUND) == 128 + number
            assert start.communicate() == ("", "")
    eventually(lambda: not shims(root))
    assert engine.containers.get("hung").state is State.CREATED
    engine.containers.remove("hung")


def test_a_container_that_was_not_made_to_the_end_is_not_there(engine: LocalEngine, root: str) -> None:
    engine.images.get("demo")
    interrupted = 0
    for attempt in range(16):
        number = (signal.SIGINT, signal.SIGTERM)[attempt % 2]
        with program(root, "create", "--name", f"c{attempt}", "demo", "true") as create:
            eventually(lambda create=create: has_begun(create))
            time.sleep(0.02 * (attempt // 2))
            os.killpg(create.pid, number)
            code = create.wait(BOUND)
            interrupted += code == 128 + number
            # At its very end, when all is done, it is Python that ends.
            assert code in (0, 128 + number, -number), create.communicate()
            assert "tuicont/c" not in create.communicate()[1], "a traceback of our own"
    assert interrupted
    assert engine.host.info().notes == ()
    for container in engine.containers.list():
        engine.containers.inspect(container.id)
        assert engine.tasks.wait(engine.tasks.start(container.id).id).code == 0


def test_a_run_with_rm_leaves_nothing_whenever_it_is_ended(engine: LocalEngine, root: str) -> None:
    """Before it has joined its container the signal is its own, and afterwards the container's."""
    engine.images.get("demo")
    script = "trap 'exit 3' TERM; while :; do sleep 0.05; done"
    codes = set()
    for attempt in range(10):
        with program(root, "run", "--rm", "demo", "sh", "-c", script) as run:
            eventually(lambda run=run: has_begun(run))
            time.sleep(0.05 * attempt)
            while run.poll() is None:
                os.kill(run.pid, signal.SIGTERM)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    run.wait(BOUND / 2)
            codes.add(run.returncode)
            assert "tuicont/c" not in run.communicate()[1], "a traceback of our own"
    assert codes <= {128 + signal.SIGTERM, 3}
    assert engine.containers.list() == ()
    eventually(lambda: not shims(root))
