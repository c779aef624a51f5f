"""A state root is one directory, by whatever name, and belongs to one run root: nothing dies because somebody named
another."""

from __future__ import annotations

import os
import shutil
from contextlib import closing
from pathlib import Path

import pytest

from tests.kernel.host import cgroup_directories, state
from tuicont.core.engine.engine import LocalEngine
from tuicont.core.engine.open import open_engine
from tuicont.core.errors import Conflict, Invalid
from tuicont.core.model.container import Container
from tuicont.core.model.request import ContainerRequest


def started(engine: LocalEngine) -> Container:
    made = engine.containers.create(ContainerRequest(image="demo", name="runs", command=("sleep", "1000")))
    return engine.tasks.start(made.id)


def test_another_run_root_is_refused_while_containers_run_and_nothing_happens_to_them(
    engine: LocalEngine, root: str, tmp_path: Path
) -> None:
    container = started(engine)
    with pytest.raises(Conflict, match=f"its containers run in the run root {root}/run") as refused:
        open_engine(root, str(tmp_path / "other"))
    assert refused.value.hint
    assert state(container.pid) in ("R", "S") and engine.containers.get(container.id).state.alive
    assert not (tmp_path / "other").exists()


def test_a_run_root_that_was_named_once_is_found_again(root: str, tmp_path: Path) -> None:
    run_root = str(tmp_path / "run")
    with closing(open_engine(root, run_root)) as engine:
        container = started(engine)
    with closing(open_engine(root)) as engine:
        assert engine.host.info().run_root == run_root
        assert engine.containers.get("runs").state.alive and state(container.pid) in ("R", "S")
        engine.containers.remove("runs", force=True)
    with closing(open_engine(root, f"{root}/run")) as engine:
        assert engine.host.info().run_root == f"{root}/run", "nothing runs: it may be another one"


def test_a_root_is_the_same_under_every_name(engine: LocalEngine, root: str, tmp_path: Path) -> None:
    container = started(engine)
    os.symlink(root, tmp_path / "link")
    for name in (str(tmp_path / "link"), f"/{root}", f"{root}/./", os.path.relpath(root)):
        with closing(open_engine(name)) as other:
            assert other.cgroup_parent == engine.cgroup_parent
            assert other.views.processes(container.id)[0].pid == container.pid
            other.tasks.pause(container.id)
            other.tasks.unpause(container.id)


def test_a_root_that_was_moved_keeps_what_runs(root: str, tmp_path: Path) -> None:
    place, moved = f"{root}/here", f"{root}/there"
    with closing(open_engine(place)) as engine:
        container, parent = started(engine), engine.cgroup_parent
    os.rename(place, moved)
    with closing(open_engine(moved)) as engine:
        assert engine.cgroup_parent == parent
        assert engine.containers.get(container.id).state.alive and state(container.pid) in ("R", "S")
        assert engine.tasks.kill(container.id).exit.code == 137
        assert engine.tasks.start(container.id).state.alive, "its own files are looked for where they are now"
        engine.containers.remove(container.id, force=True)
        assert cgroup_directories(parent, container.id) == []


def test_a_copy_of_a_root_is_another(root: str) -> None:
    place, copy = f"{root}/here", f"{root}/copy"
    with closing(open_engine(place)) as engine:
        engine.containers.create(ContainerRequest(image="demo", name="twin", command=("sleep", "1000")))
        shutil.copytree(place, copy, symlinks=True)
        engine.tasks.start("twin")
        with closing(open_engine(copy)) as other:
            assert other.cgroup_parent != engine.cgroup_parent
            assert not other.containers.get("twin").state.alive
            other.containers.remove("twin")
        assert engine.containers.get("twin").state.alive
        engine.containers.remove("twin", force=True)


def test_a_root_whose_name_is_not_utf_8_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="is not UTF-8"):
        open_engine(os.fsdecode(os.fsencode(tmp_path) + b"/\xff"))
