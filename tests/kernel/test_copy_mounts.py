"""`cp` and the mounts of a container: what is mounted is read and written, whether the container runs or not."""

from __future__ import annotations

import io
import os
import stat
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kernel.host import eventually
from tests.kernel.test_bad_input import archive, request
from tuicont.core.engine.engine import LocalEngine
from tuicont.core.errors import Conflict, EngineError, Invalid, NotFound
from tuicont.core.model.container import Container
from tuicont.core.model.request import BindMount, TmpfsMount
from tuicont.core.storage.base import RootMount
from tuicont.core.storage.view import Cover, open_view
from tuicont.core.sys.mounts import MS_BIND

pytestmark = pytest.mark.kernel

EITHER = pytest.mark.parametrize("runs", [True, False], ids=["running", "stopped"])


@pytest.fixture
def volume(tmp_path: Path) -> Iterator[Path]:
    """A directory of the host; nothing is mounted from it, or below it, when a test is over."""
    place = tmp_path / "volume"
    (place / "d").mkdir(parents=True)
    (place / "d/f").write_text("of the volume")
    (place / "one").write_text("one file")
    yield place
    assert str(tmp_path) not in Path("/proc/self/mountinfo").read_text()


def made(engine: LocalEngine, *mounts: BindMount | TmpfsMount, runs: bool, read_only: bool = False) -> Container:
    container = engine.containers.create(request("sleep", "1000", mounts=mounts, read_only=read_only))
    return engine.tasks.start(container.id) if runs else container


def read(engine: LocalEngine, container: Container, path: str) -> bytes:
    stream = b"".join(engine.files.copy_out(container.id, path))
    with tarfile.open(fileobj=io.BytesIO(stream)) as tar:
        content = tar.extractfile(tar.getmembers()[0])
        assert content is not None
        return content.read()


def names(engine: LocalEngine, container: Container, path: str) -> list[str]:
    with tarfile.open(fileobj=io.BytesIO(b"".join(engine.files.copy_out(container.id, path)))) as tar:
        return tar.getnames()


def write(engine: LocalEngine, container: Container, path: str, name: str, data: bytes = b"new") -> None:
    engine.files.copy_in(container.id, path, archive(name, data))


@EITHER
def test_what_is_mounted_is_read_and_written(engine: LocalEngine, volume: Path, runs: bool) -> None:
    container = made(engine, BindMount(source=str(volume), target="/made/for/it"), runs=runs)
    assert read(engine, container, "/made/for/it/d/f") == b"of the volume"
    assert names(engine, container, "/made") == [
        "made",
        "made/for",
        "made/for/it",
        *(f"made/for/it/{name}" for name in ("d", "d/f", "one")),
    ]
    write(engine, container, "/made/for/it/d", "new")
    write(engine, container, "/made/for/it/d", "f", b"other")
    assert (volume / "d/new").read_text() == "new" and (volume / "d/f").read_text() == "other"
    assert [change.path for change in engine.views.diff(container.id) if "it/" in change.path] == []


@EITHER
def test_what_is_mounted_read_only_is_only_read(engine: LocalEngine, volume: Path, runs: bool) -> None:
    container = made(engine, BindMount(source=str(volume), target="/ro", read_only=True), runs=runs)
    assert read(engine, container, "/ro/one") == b"one file"
    for place, name in (("/ro", "new"), ("/ro/d", "f"), ("/ro", "one")):
        with pytest.raises(Conflict, match="read-only"):
            write(engine, container, place, name)
    assert sorted(os.listdir(volume)) == ["d", "one"] and (volume / "one").read_text() == "one file"


@EITHER
def test_a_file_that_is_mounted_gets_the_contents_and_stays(engine: LocalEngine, volume: Path, runs: bool) -> None:
    one, ro = volume / "one", volume / "d/f"
    os.chown(one, 12, 34)
    before = one.stat()
    mounts = (BindMount(source=str(one), target="/etc/one"), BindMount(source=str(ro), target="/ro", read_only=True))
    container = made(engine, *mounts, runs=runs)
    write(engine, container, "/etc", "one", b"longer than it was")
    write(engine, container, "/etc", "one", b"short")
    after = one.stat()
    assert one.read_text() == "short" and read(engine, container, "/etc/one") == b"short"
    assert (after.st_ino, after.st_uid, after.st_mode) == (before.st_ino, 12, before.st_mode)
    with pytest.raises(EngineError, match="read-only"):
        write(engine, container, "/", "ro")
    with pytest.raises(Invalid, match="mounted"):
        link = tarfile.TarInfo("one")
        link.type, link.linkname = tarfile.SYMTYPE, "/x"
        engine.files.copy_in(container.id, "/etc", io.BytesIO(link.tobuf() + bytes(1024)))
    assert ro.read_text() == "of the volume"


def test_a_device_that_is_mounted_is_not_written_to(engine: LocalEngine) -> None:
    container = made(engine, BindMount(source="/dev/null", target="/etc/masked"), runs=True)
    with pytest.raises(Invalid, match="'masked' is a character device that is mounted"):
        write(engine, container, "/etc", "masked")


@EITHER
def test_a_root_that_is_read_only_leaves_its_volumes_writable(engine: LocalEngine, volume: Path, runs: bool) -> None:
    container = made(engine, BindMount(source=str(volume), target="/vol"), runs=runs, read_only=True)
    with pytest.raises(Conflict, match="read-only"):
        write(engine, container, "/etc", "new")
    write(engine, container, "/vol", "new")
    assert (volume / "new").read_text() == "new"


def test_what_is_there_only_while_it_runs_is_empty_and_not_written(engine: LocalEngine) -> None:
    """What was written there would be hidden as soon as the container starts."""
    container = made(engine, TmpfsMount(target="/scratch"), runs=True)
    write(engine, container, "/scratch", "lost")
    assert names(engine, container, "/scratch") == ["scratch", "scratch/lost"]
    engine.tasks.kill(container.id)
    eventually(lambda: not engine.containers.get(container.id).state.alive)
    for place in ("/scratch", "/dev", "/proc"):
        assert names(engine, container, place) == [place[1:]]
        with pytest.raises(Conflict, match="read-only"):
            write(engine, container, place, "new")


def test_mounts_in_mounts_are_there_in_their_order(engine: LocalEngine, volume: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other/g").write_text("inner")
    mounts = (
        BindMount(source=str(tmp_path / "other"), target="/vol/d", read_only=True),
        BindMount(source=str(volume), target="/vol"),
    )
    container = made(engine, *mounts, runs=False)
    assert names(engine, container, "/vol") == ["vol", "vol/d", "vol/d/g", "vol/one"]
    write(engine, container, "/vol", "new")
    with pytest.raises(Conflict, match="read-only"):
        write(engine, container, "/vol/d", "new")


@pytest.mark.parametrize("link", ["/outside", "../../../../../../../../outside"])
def test_no_link_leads_what_is_mounted_out_of_the_root(volume: Path, tmp_path: Path, link: str) -> None:
    """The container left a link where its mount goes: what that leads to is inside."""
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (root / "way").symlink_to(link.replace("/outside", str(outside)))
    shown = RootMount(fstype="", source=str(root), options="", flags=MS_BIND)
    cover = Cover(target="/way/vol", source=str(volume), wanted=True)
    (root / str(outside)[1:]).mkdir(parents=True)
    with open_view([shown], [cover]) as fd:
        assert os.stat(f"{str(outside)[1:]}/vol/one", dir_fd=fd).st_ino == (volume / "one").stat().st_ino
    assert os.listdir(outside) == []


def test_a_volume_that_is_gone_is_said_with_its_name(engine: LocalEngine, volume: Path) -> None:
    gone = volume / "gone"
    gone.mkdir()
    container = made(engine, BindMount(source=str(gone), target="/vol"), runs=False)
    gone.rmdir()
    with pytest.raises(NotFound, match=f"{gone}, which is mounted on /vol, is not there"):
        read(engine, container, "/etc/passwd")


def test_a_view_lets_nobody_open_a_device_of_a_volume(volume: Path, tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    os.mknod(volume / "null", 0o020666, os.makedev(1, 3))
    shown = RootMount(fstype="", source=str(tmp_path / "root"), options="", flags=MS_BIND)
    with open_view([shown], [Cover(target="/vol", source=str(volume), wanted=True)]) as root:
        with pytest.raises(PermissionError):
            os.open("vol/null", os.O_RDONLY, dir_fd=root)
        assert stat.S_ISCHR(os.stat("vol/null", dir_fd=root).st_mode)
