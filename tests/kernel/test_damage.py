"""What the host does to an engine behind its back: a full disk, groups removed by another hand, a broken database.

Each gives one clear error or none at all, running containers go on, and nothing of them stays behind.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.kernel.footprint import assert_clear, footprint
from tests.kernel.host import cgroup_directories, eventually, leftovers, shims, state
from tests.support import require
from tuicont.core.engine.engine import LocalEngine
from tuicont.core.engine.open import open_engine
from tuicont.core.errors import EngineError
from tuicont.core.model.container import Container
from tuicont.core.model.limits import Limits
from tuicont.core.model.request import ContainerRequest, ExecRequest, TmpfsMount
from tuicont.core.model.state import State

BEAT = "while sleep 0.01; do echo >> /beat/beats; done"


def run(engine: LocalEngine, *command: str, **fields: object) -> Container:
    request = ContainerRequest(image="demo", command=command or ("sleep", "1000"), **fields)  # type: ignore[arg-type]
    return engine.tasks.start(engine.containers.create(request).id)


def beats(container: Container) -> int:
    with contextlib.suppress(FileNotFoundError):
        return os.stat(f"/proc/{container.pid}/root/beat/beats").st_size
    return 0


def goes_on(container: Container) -> None:
    before = beats(container)
    eventually(lambda: beats(container) > before, 20)


# a full disk


class Disk:
    """A state root on a file system of its own, which can be filled to the last block."""

    def __init__(self, root: str) -> None:
        self.root = root
        self._filler = f"{root}/filler"

    def fill(self) -> None:
        with open(self._filler, "ab", buffering=0) as file:
            for size in (1 << 20, 4096):
                with contextlib.suppress(OSError):
                    while file.write(b"\0" * size) == size:
                        pass
        space = os.statvfs(self.root)
        assert space.f_bavail == 0

    def free(self) -> None:
        os.unlink(self._filler)


@pytest.fixture
def disk(root: str) -> Iterator[Disk]:
    require("mount", "umount")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32m", "tuicont-test", root], check=True)
    try:
        yield Disk(root)
    finally:
        engine = open_engine(root)
        for container in engine.containers.list():
            engine.containers.remove(container.id, force=True)
        parent = engine.cgroup_parent
        engine.close()
        try:
            eventually(lambda: not [left for left in leftovers(root, parent) if left != f"mount {root}"])
        finally:
            subprocess.run(["umount", "-l", root], check=True)


def test_create_and_load_on_a_full_disk_leave_nothing(disk: Disk, tmp_path: Path) -> None:
    engine = open_engine(disk.root)
    engine.containers.create(ContainerRequest(image="demo", name="before"))
    archive = tmp_path / "image.tar"
    with tarfile.open(archive, "w") as tar:
        member = tarfile.TarInfo("layer.tar")
        member.size = 1 << 20
        tar.addfile(member, io.BytesIO(os.urandom(1 << 20)))
    disk.fill()
    before = footprint(engine, disk.root)
    content = sorted(os.listdir(f"{disk.root}/content"))
    with pytest.raises(EngineError) as refused:
        engine.containers.create(ContainerRequest(image="demo", name="after"))
    assert_clear(refused.value, "cannot create after", "ENOSPC", "hint: make room")
    with pytest.raises(EngineError) as refused:
        engine.images.load(str(archive))
    assert_clear(refused.value, "cannot load")
    assert footprint(engine, disk.root) == before
    assert sorted(os.listdir(f"{disk.root}/content")) == content
    disk.free()
    assert engine.containers.create(ContainerRequest(image="demo", name="after")).name == "after"
    engine.close()


def test_a_running_container_outlives_a_full_disk_and_its_log_goes_on_after(disk: Disk) -> None:
    engine = open_engine(disk.root)
    script = f"while sleep 0.01; do echo line; done & {BEAT}"
    container = run(engine, "sh", "-c", script, mounts=(TmpfsMount(target="/beat"),))
    goes_on(container)
    disk.fill()
    goes_on(container)
    held = sum(1 for _ in engine.views.logs(container.id))
    assert engine.metrics.snapshot().containers[0].state is State.RUNNING
    session = engine.tasks.exec(container.id, ExecRequest(command=("true",)))
    while session.read(10) is not None:
        pass
    assert session.exit is not None
    assert session.exit.code == 0
    goes_on(container)
    disk.free()
    eventually(lambda: sum(1 for _ in engine.views.logs(container.id)) > held, 20)
    assert engine.tasks.stop(container.id, timeout=0).state is State.EXITED
    engine.close()


def test_a_container_can_be_killed_and_removed_on_a_full_disk(disk: Disk) -> None:
    """Removing is how a user makes room: it must not need any."""
    engine = open_engine(disk.root)
    container = run(engine, "sh", "-c", BEAT, mounts=(TmpfsMount(target="/beat"),))
    goes_on(container)
    disk.fill()
    with contextlib.suppress(EngineError):
        engine.tasks.kill(container.id)
    eventually(lambda: not state(container.pid))
    engine.containers.remove(container.id, force=True)
    assert engine.containers.list() == ()
    engine.close()


def test_an_end_that_was_told_while_the_disk_was_full_is_recorded_when_there_is_room(disk: Disk) -> None:
    engine = open_engine(disk.root)
    script = "until [ -e /beat/end ]; do sleep 0.01; done; exit 9"
    container = run(engine, "sh", "-c", script, mounts=(TmpfsMount(target="/beat"),))
    disk.fill()
    Path(f"/proc/{container.pid}/root/beat/end").touch()
    eventually(lambda: not state(container.pid))
    assert not os.listdir(f"{disk.root}/run/exits")
    engine.close()
    disk.free()
    engine = open_engine(disk.root)
    ended = engine.containers.get(container.id)
    assert ended.state is State.EXITED
    assert ended.exit is not None
    assert ended.exit.code == 9
    engine.close()


# cgroups that another hand removed


def take_away(parent: str, container: Container, kind: str) -> None:
    """Move the processes of a container's groups up, and remove the groups, as another program might."""
    for directory in cgroup_directories(parent, container.id):
        if kind in ("every", directory.split("/")[4]):
            eventually(lambda d=directory: emptied_and_removed(d))


def emptied_and_removed(directory: str) -> bool:
    """One attempt: what forks meanwhile needs another."""
    top = os.path.dirname(os.path.dirname(directory))
    with contextlib.suppress(OSError):
        for pid in Path(directory, "cgroup.procs").read_text().split():
            with contextlib.suppress(ProcessLookupError):
                Path(top, "cgroup.procs").write_text(pid)
        os.rmdir(directory)
    return not os.path.isdir(directory)


def hierarchy(name: str) -> Any:
    """One hierarchy of those that a hybrid host has."""
    return pytest.param(name, marks=pytest.mark.host_only)


@pytest.mark.parametrize("kind", [hierarchy("memory"), hierarchy("pids"), hierarchy("unified"), "every"])
@pytest.mark.parametrize("act", ["stop", "kill", "remove", "end"])
def test_a_container_whose_group_was_taken_away_can_still_be_ended(
    engine: LocalEngine, root: str, kind: str, act: str
) -> None:
    container = run(engine, "sh", "-c", "sleep 1000 & while [ ! -e /end ]; do sleep 0.02; done", name="box")
    take_away(engine.cgroup_parent, container, kind)
    if act == "end":
        Path(f"/proc/{container.pid}/root/end").touch()
        engine.tasks.wait(container.id, 10)
    elif act == "remove":
        engine.containers.remove(container.id, force=True)
    elif act == "stop":
        assert engine.tasks.stop(container.id, timeout=0.1).state is State.EXITED
    else:
        assert engine.tasks.kill(container.id).state is State.EXITED
    eventually(lambda: not state(container.pid))
    eventually(lambda: not cgroup_directories(engine.cgroup_parent, container.id))
    eventually(lambda: not shims(root))


def test_what_needs_the_group_says_that_it_is_gone(engine: LocalEngine) -> None:
    container = run(engine, name="box")
    take_away(engine.cgroup_parent, container, "every")
    for act in (
        lambda: engine.tasks.pause(container.id),
        lambda: engine.containers.update(container.id, Limits(pids=50)),
        lambda: engine.metrics.sample(container.id),
    ):
        with pytest.raises(EngineError) as refused:
            act()
        assert_clear(refused.value, "box")
    engine.metrics.snapshot()
    assert engine.views.cgroup_files(container.id) == ()
    assert engine.containers.get("box").state is State.RUNNING
    assert engine.containers.limits("box") == Limits()


@pytest.mark.parametrize("when", ["created", "stopped"])
def test_groups_removed_while_nothing_runs_are_made_again(engine: LocalEngine, when: str) -> None:
    request = ContainerRequest(image="demo", command=("sleep", "1000"), limits=Limits(pids=33))
    container = engine.containers.create(request)
    engine.tasks.start(container.id)
    engine.tasks.kill(container.id)
    eventually(lambda: not cgroup_directories(engine.cgroup_parent, container.id))
    for directory in cgroup_directories(engine.cgroup_parent):
        for name in os.listdir(directory):
            if os.path.isdir(f"{directory}/{name}"):
                eventually(lambda d=f"{directory}/{name}": removed(d))
        os.rmdir(directory)
    if when == "created":
        container = engine.containers.create(request)
    engine.tasks.start(container.id)
    assert len(cgroup_directories(engine.cgroup_parent, container.id)) == len(
        {os.path.dirname(d) for d in cgroup_directories(engine.cgroup_parent)}
    )


def removed(directory: str) -> bool:
    """Remove a group of shims when they are gone."""
    with contextlib.suppress(OSError):
        os.rmdir(directory)
    return not os.path.isdir(directory)


# a database that is broken


def damage_nothing(path: Path) -> None:
    """The control: an unharmed file loses nothing either."""


def cut_off(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def cut_within_a_page(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 1000)


def emptied(path: Path) -> None:
    os.truncate(path, 0)


def another_file(path: Path) -> None:
    path.write_text("this is no database\n" * 100)


def garbage_in_the_log(path: Path) -> None:
    Path(f"{path}-wal").write_bytes(os.urandom(100_000))


def no_permission_bits(path: Path) -> None:
    path.chmod(0)


DAMAGES = (
    damage_nothing, cut_off, cut_within_a_page, emptied, another_file, garbage_in_the_log, no_permission_bits
)  # fmt: skip


def checkpointed(root: str) -> Path:
    """The database with everything in its one file."""
    path = Path(root, "tuicont.db")
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return path


def assert_whole(root: str, up: Container, down: Container) -> None:
    """An engine on that root has both containers, and the one that runs goes on."""
    engine = open_engine(root)
    assert {c.name: (c.id, c.state) for c in engine.containers.list()} == {
        "up": (up.id, State.RUNNING),
        "down": (down.id, State.CREATED),
    }
    assert engine.containers.get("up").pid == up.pid
    assert state(up.pid) in ("S", "R", "D")
    engine.events.past()
    engine.images.list()
    engine.metrics.snapshot()
    engine.close()


@pytest.mark.host_only
@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_a_damaged_database_loses_no_container(root: str, damage: object) -> None:
    engine = open_engine(root)
    up, down = run(engine, name="up"), engine.containers.create(ContainerRequest(image="demo", name="down"))
    engine.close()
    damage(checkpointed(root))  # type: ignore[operator]
    assert_whole(root, up, down)
    again = open_engine(root)
    again.tasks.start("down")
    again.tasks.stop("up", timeout=0)
    again.close()


@pytest.mark.host_only
def test_a_page_of_zeros_anywhere_loses_no_container(root: str) -> None:
    engine = open_engine(root)
    up, down = run(engine, name="up"), engine.containers.create(ContainerRequest(image="demo", name="down"))
    for _ in range(40):
        engine.containers.rename("down", "over")
        engine.containers.rename("over", "down")
    engine.metrics.snapshot()
    engine.close()
    whole = checkpointed(root).read_bytes()
    size = int.from_bytes(whole[16:18], "big")
    for page in range(len(whole) // size):
        for suffix in ("-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(f"{root}/tuicont.db{suffix}")
        Path(root, "tuicont.db").write_bytes(whole[: page * size] + b"\0" * size + whole[(page + 1) * size :])
        try:
            assert_whole(root, up, down)
        except EngineError as error:
            # A page of the past is only seen when it is read; the next start has it out of the way.
            assert_clear(error, "use the state database", "hint: start tuicont again")
            try:
                assert_whole(root, up, down)
            except EngineError as error:
                pytest.fail(f"page {page} of {len(whole) // size}, at the second start: {error}")
    assert list(Path(root).glob("tuicont.db.corrupt-*"))


@pytest.mark.host_only
def test_a_corrupt_database_is_moved_aside_and_that_is_said(root: str) -> None:
    engine = open_engine(root)
    engine.containers.create(ContainerRequest(image="demo", name="down"))
    engine.close()
    another_file(checkpointed(root))
    done = subprocess.run(
        [sys.executable, "-m", "tuicont", "--root", root, "ps", "-a"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "down" in done.stdout
    (aside,) = (path for path in Path(root).glob("tuicont.db.corrupt-*") if not path.name.endswith(("-wal", "-shm")))
    assert aside.read_text().startswith("this is no database")
    engine = open_engine(root)
    told = [event.detail["what"] for event in engine.events.past() if event.topic == "/engine/repair"]
    assert any(str(aside) in text for text in told)
    engine.close()


# a kernel, or a file system, on which overlay cannot be mounted


@pytest.mark.host_only
def test_a_root_on_which_overlay_cannot_work_says_so_and_goes_on_without_it(root: str, tmp_path: Path) -> None:
    """The state root is itself on an overlay, which the kernel refuses as an upper directory."""
    require("unshare", "mount")
    for name in ("lower", "upper", "work", "merged"):
        os.mkdir(f"{root}/{name}")
    options = f"lowerdir={root}/lower,upperdir={root}/upper,workdir={root}/work"
    engine = f"{sys.executable} -m tuicont --root {root}/merged --run-root {tmp_path}/run"
    script = f"""mount -t overlay -o {options} overlay {root}/merged || exit
        for verb in "--storage-driver overlay run --rm demo true" "run --rm demo cat /etc/hostname" doctor info "ps -aq"
        do echo "[$verb]"; {engine} $verb 2>&1; echo "code $?"; done"""
    done = subprocess.run(["unshare", "-m", "sh", "-c", script], capture_output=True, text=True, check=False)
    shutil.rmtree(f"{root}/upper", ignore_errors=True)
    _, wanted, plain, doctor, info, listed = done.stdout.split("[", 5)
    why = (
        f"{root}/merged/overlay is on overlay, which cannot hold an upper layer; use a directory on ext4, xfs or btrfs"
    )
    assert why in wanted, wanted
    assert "hint: " in wanted, wanted
    assert wanted.endswith("code 125\n"), wanted
    assert re.search("^[0-9a-f]{12}\ncode 0$", plain, re.MULTILINE), plain
    assert re.search(f"✘ +overlay +{re.escape(why)}$", doctor, re.MULTILINE), doctor
    assert re.search(f"^note: +storage is vfs, as overlay cannot be: {re.escape(why)}$", info, re.MULTILINE), info
    assert listed == "ps -aq]\ncode 0\n"
    (parent,) = set(re.findall(r"tuicont-[0-9a-f]+-[0-9a-f]+", done.stdout))
    assert leftovers(f"{root}/merged", parent) == []


# a damaged specification


def test_a_container_whose_specification_is_damaged_says_so_and_can_be_removed(root: str) -> None:
    engine = open_engine(root)
    container = engine.containers.create(ContainerRequest(image="demo", command=("true",)))
    path = f"{root}/containers/{container.id}.json"
    os.truncate(path, os.stat(path).st_size // 2)
    engine.close()
    engine = open_engine(root)
    with pytest.raises(EngineError, match="damaged"):
        engine.tasks.start(container.id)
    engine.containers.remove(container.id)
    assert engine.containers.list() == ()
    engine.close()
