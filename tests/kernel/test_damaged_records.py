"""One record, specification or directory that is damaged, or that another version wrote, is one container's trouble:
everybody else is listed, looked into and ended, and the damaged one can be removed."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.kernel.host import cgroup_directories, eventually, state
from tuicont.core.engine.engine import LocalEngine
from tuicont.core.engine.open import open_engine
from tuicont.core.errors import EngineError, Invalid, NotFound
from tuicont.core.model.container import Container
from tuicont.core.model.limits import Limits
from tuicont.core.model.request import ContainerRequest
from tuicont.core.model.state import State

SLEEP = ("sleep", "1000")


def made(engine: LocalEngine, name: str) -> Container:
    return engine.containers.create(ContainerRequest(image="demo", name=name, command=SLEEP))


def change_record(root: str, container: Container, change: Callable[[dict[str, object]], object]) -> None:
    """Rewrite the record past the engine."""
    with closing(sqlite3.connect(f"{root}/tuicont.db")) as database, database:
        (text,) = database.execute("SELECT value FROM containers WHERE id = ?", (container.id,)).fetchone()
        record = json.loads(text)
        changed = change(record)
        value = json.dumps(record).encode() if changed is None else changed
        database.execute("UPDATE containers SET value = ? WHERE id = ?", (value, container.id))


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda record: record.update(state="flying"), id="a state that there is not"),
        pytest.param(lambda record: record.update(request={}), id="no request"),
        pytest.param(lambda record: b"\0", id="no JSON"),
    ],
)
def test_a_record_that_cannot_be_read_hides_its_container_alone(
    root: str, change: Callable[[dict[str, object]], object]
) -> None:
    with closing(open_engine(root)) as engine:
        odd, other = made(engine, "odd"), made(engine, "other")
        odd, other = engine.tasks.start(odd.id), engine.tasks.start(other.id)
    change_record(root, odd, change)
    with closing(open_engine(root)) as engine:
        assert [c.name for c in engine.containers.list()] == ["other"]
        assert any(odd.id in note and "rm -f" in note for note in engine.host.info().notes)
        assert state(odd.pid) in ("R", "S"), "it goes on"
        assert Path(root, "containers", f"{odd.id}.json").exists(), "nothing of it is garbage"
        with pytest.raises(NotFound):
            engine.containers.get("odd")
        engine.containers.remove(odd.id, force=True)
        eventually(lambda: state(odd.pid) in ("", "Z"))
        assert not cgroup_directories(engine.cgroup_parent, odd.id)
        assert not Path(root, "containers", f"{odd.id}.json").exists()
        engine.containers.remove("other", force=True)
    with closing(open_engine(root)) as engine:
        assert engine.host.info().notes == ()


def test_a_container_of_a_runtime_that_there_is_not_can_be_ended(root: str) -> None:
    with closing(open_engine(root)) as engine:
        odd = engine.tasks.start(made(engine, "odd").id)
    change_record(root, odd, lambda record: record.update(runtime="youki"))
    with closing(open_engine(root)) as engine:
        assert [c.state for c in engine.containers.list()] == [State.RUNNING]
        ended = engine.tasks.kill("odd")
        assert ended.exit is not None and ended.exit.code == 137
        with pytest.raises(Invalid, match="there is no runtime youki"):
            engine.tasks.start("odd")
        engine.containers.remove("odd")


def test_a_container_of_a_storage_driver_that_there_is_not_can_be_removed(root: str) -> None:
    with closing(open_engine(root)) as engine:
        odd = made(engine, "odd")
    change_record(root, odd, lambda record: record.update(storage="btrfs"))
    with closing(open_engine(root)) as engine:
        assert engine.containers.inspect("odd")["root_mounts"] == []
        assert engine.containers.loss("odd").bytes == 0
        assert engine.containers.prune().containers == (odd.id,)


def test_garbage_is_swept_whatever_the_engine_s_own_drivers_are(root: str, monkeypatch: pytest.MonkeyPatch) -> None:
    open_engine(root).close()
    garbage = Path(root, "containers", f"{'a' * 64}.json")
    garbage.write_text("{}")
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setattr("tuicont.core.runtime.oci.program._SEARCH", ())
    with closing(open_engine(root, runtime="crun")) as engine:
        assert engine.containers.list() == ()
        assert not garbage.exists()


def test_where_the_driver_s_files_are_gone_the_container_is_there_and_can_be_removed(root: str) -> None:
    with closing(open_engine(root)) as engine:
        container = made(engine, "bare")
    shutil.rmtree(Path(root, container.storage))
    with closing(open_engine(root)) as engine:
        assert engine.containers.inspect("bare")["root_mounts"] == []
        assert engine.containers.loss("bare").bytes == 0
        with pytest.raises(EngineError):
            engine.tasks.start("bare")
        assert engine.containers.prune().containers == (container.id,)


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda spec: spec.clear(), id="empty"),
        pytest.param(lambda spec: spec.update(linux=None), id="no linux"),
        pytest.param(lambda spec: spec["linux"].pop("resources"), id="no resources"),
        pytest.param(lambda spec: spec["linux"].update(resources=[]), id="resources are a list"),
        pytest.param(lambda spec: spec["linux"]["resources"].update(memory={"limit": "64m"}), id="a limit in words"),
        pytest.param(lambda spec: spec.update(process=None), id="no process"),
        pytest.param(lambda spec: spec.update(mounts="x"), id="mounts are a text"),
    ],
)
def test_a_specification_of_another_shape_is_told_as_damaged(
    engine: LocalEngine, root: str, damage: Callable[[dict[str, object]], object]
) -> None:
    container = made(engine, "odd")
    path = Path(root, "containers", f"{container.id}.json")
    spec = json.loads(path.read_text())
    damage(spec)
    path.write_text(json.dumps(spec))
    with closing(open_engine(root)) as other:
        for verb in (
            lambda: other.containers.inspect("odd"),
            lambda: other.containers.update("odd", Limits(memory=64 << 20)),
            lambda: other.tasks.start("odd"),
        ):
            with pytest.raises(Invalid, match="is damaged"):
                verb()
        assert other.metrics.snapshot().containers[0].name == "odd"
        other.containers.remove("odd")
