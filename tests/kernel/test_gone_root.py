"""A state root that was removed by hand leaves empty cgroups; the next engine, of whatever root, takes them away."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.kernel.host import cgroup_directories, eventually, shims, state
from tests.mount_namespace import MountNamespace
from tuicont.core.engine.open import open_engine
from tuicont.core.model.request import ContainerRequest

CHECKOUT = Path(__file__).resolve().parents[2]
SLEEP = ContainerRequest(image="demo", name="sleeper", command=("sleep", "1000"))


@pytest.fixture
def other(tmp_path):
    """A second state root, without containers any more; its path and the name of its parent cgroup."""
    path = str(tmp_path / "other")
    with closing(open_engine(path)) as engine:
        made = engine.containers.create(SLEEP)
        engine.tasks.start(made.id)
        engine.containers.remove(made.id, force=True)
        parent = engine.cgroup_parent
    assert cgroup_directories(parent)
    return path, parent


def test_its_cgroups_go_at_the_next_start(root, other):
    path, parent = other
    open_engine(root).close()
    assert cgroup_directories(parent), "the root is there"
    shutil.rmtree(path)
    # By this engine, which then says so, or by any other that was opened meanwhile.
    open_engine(root).close()
    assert not cgroup_directories(parent)


def test_what_runs_there_goes_on_and_keeps_its_cgroups(root, tmp_path):
    path = str(tmp_path / "other")
    with closing(open_engine(path)) as engine:
        made = engine.containers.create(SLEEP)
        engine.tasks.start(made.id)
        pid, parent = engine.containers.get(made.id).pid, engine.cgroup_parent
        [shim] = shims(path)
    here = cgroup_directories(parent, made.id)
    shutil.rmtree(path)
    try:
        open_engine(root).close()
        assert state(pid) == "S"
        assert cgroup_directories(parent, made.id) == here
    finally:
        os.kill(pid, signal.SIGKILL)
        os.kill(shim, signal.SIGKILL)
    assert eventually(lambda: {state(pid), state(shim)} <= {"", "Z"})
    open_engine(root).close()
    assert not cgroup_directories(parent)


@pytest.mark.host_only  # starts of Python, which emulation makes slow
def test_nobody_judges_a_root_that_he_may_not_see(root, tmp_path):
    """In another mount namespace it may well be there; who lives in that one knows."""
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    with MountNamespace('mount -t tmpfs tmpfs "$1"', str(hidden)) as there:

        def tuicont(path, *words):
            command = (sys.executable, "-m", "tuicont", "--root", f"{hidden}/{path}", *words)
            inside = there.words("env", f"PYTHONPATH={CHECKOUT}", *command)
            return subprocess.run(inside, check=True, capture_output=True, text=True).stdout

        tuicont("root", "run", "--rm", "demo", "true")
        parent = json.loads(tuicont("root", "info", "--format", "json"))["cgroup_parent"]
        assert cgroup_directories(parent) and not (hidden / "root").exists()
        open_engine(root).close()
        assert cgroup_directories(parent)
        shutil.rmtree(there.path(f"{hidden}/root"))
        tuicont("new", "ps")
        assert not cgroup_directories(parent)
