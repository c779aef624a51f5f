"""What a container may write to without end is on a disk, or has a size: never in the run root, which is in memory."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.kernel.host import eventually
from tests.support import require
from tuicont.core.engine.engine import LocalEngine
from tuicont.core.engine.open import open_engine
from tuicont.core.host.mountinfo import parse
from tuicont.core.model.container import LogQuery
from tuicont.core.model.request import ContainerRequest

ROOM = 2 << 20
"""Of the run root, in bytes."""


@pytest.fixture
def run_root(tmp_path: Path) -> Iterator[str]:
    place = tmp_path / "run"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={ROOM}", "run", place], check=True)
    yield str(place)
    eventually(lambda: subprocess.run(["umount", place], check=False).returncode == 0)  # shims are about to leave it


@pytest.fixture
def small(root: str, run_root: str) -> Iterator[LocalEngine]:
    """An engine whose run root is soon full."""
    with closing(open_engine(root, run_root)) as engine:
        yield engine
        for container in engine.containers.list():
            engine.containers.remove(container.id, force=True)


def room(place: str) -> int:
    status = os.statvfs(place)
    return status.f_bavail * status.f_frsize


@pytest.mark.parametrize("runtime", ["native", "crun", "runc"])
def test_files_of_the_engine_s_in_a_container_do_not_fill_the_run_root(
    small: LocalEngine, run_root: str, runtime: str
) -> None:
    if runtime != "native":
        require(runtime)
    before = room(run_root)
    script = (
        "for f in /etc/hosts /etc/hostname; do dd if=/dev/zero bs=64k count=100 >> $f || exit 1; done; echo done; cat"
    )
    request = ContainerRequest(
        image="demo", name="filler", runtime=runtime, command=("sh", "-c", script), stdin_open=True
    )
    small.containers.create(request)
    small.tasks.start("filler")
    lines = small.views.logs("filler", LogQuery(follow=True))
    assert "done" in (line.text for line in lines)
    assert room(run_root) > before - ROOM // 4
    small.containers.create(ContainerRequest(image="demo", name="other", command=("cat", "/etc/hostname")))
    small.tasks.start("other")
    assert small.tasks.wait("other", 20).code == 0


def test_every_writable_mount_of_a_container_has_a_bound_that_is_not_the_run_root(
    small: LocalEngine, run_root: str
) -> None:
    small.containers.create(ContainerRequest(image="demo", name="mounts", command=("sleep", "1000")))
    pid = small.tasks.start("mounts").pid
    number = os.stat(run_root).st_dev
    mounts = parse(Path(f"/proc/{pid}/mountinfo").read_bytes())
    assert [m.target for m in mounts if m.device == f"{os.major(number)}:{os.minor(number)}"] == []
    sizes = subprocess.run(
        [require("nsenter"), "-t", str(pid), "-m", "--", "/bin/stat", "-f", "-c", "%b %S", "/dev", "/dev/shm"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert [int(a) * int(b) for a, b in (line.split() for line in sizes.stdout.splitlines())] == [64 << 20] * 2


def test_what_ended_containers_wrote_into_them_is_gone(small: LocalEngine, root: str) -> None:
    small.containers.create(
        ContainerRequest(image="demo", name="brief", command=("sh", "-c", "echo more >> /etc/hosts"))
    )
    for _ in range(2):
        small.tasks.start("brief")
        assert small.tasks.wait("brief", 20).code == 0
        assert os.listdir(f"{root}/containers") == [f"{small.containers.get('brief').id}.json"]


def test_files_without_a_container_are_swept(root: str) -> None:
    open_engine(root).close()
    left = [Path(root, "containers", f"{'a' * 64}.{name}") for name in ("hosts", "hostname")]
    for path in left:
        path.write_text("of an engine that was killed")
    open_engine(root).close()
    assert not any(path.exists() for path in left)
