"""What holds of the vfs driver alone: copies, and comparing them with what they were copies of."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from tests.contract.storages import BASE, TOP, archive, files, inside, told
from tests.doubles.recording_kernel import RecordingKernel
from tests.file_systems import REFLINKING, on
from tests.layers import Layer
from tuicont.core.errors import EngineError
from tuicont.core.files.copy import copy_tree
from tuicont.core.files.trees import remove_tree
from tuicont.core.storage.base import LayerTarget
from tuicont.core.storage.vfs.differences import differences
from tuicont.core.storage.vfs.driver import VfsDriver
from tuicont.core.storage.view import open_view
from tuicont.core.sys.kernel import RealKernel
from tuicont.core.sys.mounts import in_private_namespace, mount


@pytest.fixture
def driver(tmp_path: Path) -> VfsDriver:
    return VfsDriver(RealKernel(), str(tmp_path / "storage"))


def test_it_works_where_overlayfs_cannot(tmp_path: Path) -> None:
    """Where a container engine runs inside of a container, without a volume."""
    for part in ("lower", "upper", "work", "merged"):
        (tmp_path / part).mkdir()

    def run() -> tuple[str, str]:
        os.chdir(tmp_path)
        mount("overlay", "merged", "overlay", 0, "lowerdir=lower,upperdir=upper,workdir=work")
        driver = VfsDriver(RealKernel(), str(tmp_path / "merged/storage"))
        driver.add_layer(BASE, (), files(greeting="hello"))
        driver.prepare("one", (BASE,))
        return driver.probe().detail, inside(driver, "one", tmp_path / "lower", lambda p: (p / "greeting").read_text())

    assert in_private_namespace(run) == ("overlay: copies take space of their own", "hello")


@pytest.mark.parametrize("kind", REFLINKING)
def test_where_files_can_share_blocks_a_container_takes_none(kind: str, tmp_path: Path) -> None:
    def taken(place: Path) -> int:
        driver = VfsDriver(RealKernel(), str(place / "storage"))
        assert driver.probe().detail == f"{kind}: copies share blocks (reflink)"
        driver.add_layer(BASE, (), archive(Layer().add("large", os.urandom(1 << 20) * 24)))
        os.sync()
        before = os.statvfs(place).f_bfree
        driver.add_layer(TOP, (BASE,), files(small="s"))
        for name in ("one", "two"):
            driver.prepare(name, (BASE, TOP))
        inside(driver, "one", tmp_path, lambda p: (p / "large").open("r+b").write(b"mine"))
        assert told(driver, "one") == ["C /large"]
        assert told(driver, "two") == []
        os.sync()
        info = os.statvfs(place)
        return (before - info.f_bfree) * info.f_frsize

    assert on(kind, tmp_path, taken) < 3 << 20


def test_where_they_cannot_it_says_so(tmp_path: Path) -> None:
    def detail(place: Path) -> str:
        return VfsDriver(RealKernel(), str(place / "storage")).probe().detail

    assert on("tmpfs", tmp_path, detail) == "tmpfs: copies take space of their own"


def test_a_directory_that_cannot_be_written_to_is_told_with_the_reason(tmp_path: Path) -> None:
    def probe(place: Path) -> tuple[bool, str]:
        found = VfsDriver(RealKernel(), str(place / "storage")).probe()
        return found.supported, found.reason

    supported, reason = on("tmpfs", tmp_path, probe, flags=1)
    assert not supported
    assert "EROFS" in reason


def test_a_container_for_which_there_is_no_room_leaves_nothing(tmp_path: Path) -> None:
    def fill(place: Path) -> None:
        driver = VfsDriver(RealKernel(), str(place / "storage"))
        driver.add_layer(BASE, (), archive(Layer().add("d/small", b"s").add("large", os.urandom(3 << 20))))
        before = os.statvfs(place).f_bfree
        with pytest.raises(EngineError) as caught:
            driver.prepare("one", (BASE,))
        assert "ENOSPC" in str(caught.value)
        assert "hint: make room on the disk" in str(caught.value)
        assert driver.names() == (BASE,)
        assert os.statvfs(place).f_bfree == before

    on("tmpfs", tmp_path, fill, options="size=5m")


def test_a_snapshot_in_work_is_nobodys_leftover(tmp_path: Path) -> None:
    """A copy takes its time: who sweeps meanwhile must not take it for what a crash left."""
    sweeper = VfsDriver(RealKernel(), str(tmp_path / "storage"))
    seen: list[tuple[str, ...]] = []

    class Looking(RecordingKernel):
        def symlink(self, text: str, path: str) -> None:
            seen.append(sweeper.names())
            super().symlink(text, path)

    VfsDriver(Looking(), str(tmp_path / "storage")).prepare("one", ())
    assert seen == [()]
    assert sweeper.names() == ("one",)


def test_what_a_crash_left_of_a_snapshot_is_told_by_its_name_and_goes_with_it(
    driver: VfsDriver, tmp_path: Path
) -> None:
    driver.add_layer(BASE, (), files(a="b"))
    for half in ("one.0a1b2c3d.tmp", "two.0a1b2c3d.tmp", "two.ffffffff.tmp"):
        (tmp_path / "storage/snapshots" / half / "fs").mkdir(parents=True)
    assert driver.names() == ("one", BASE, "two")
    driver.prepare("one", (BASE,))
    driver.remove("two")
    assert driver.names() == ("one", BASE)
    driver.remove("one")
    assert driver.names() == (BASE,)
    assert os.listdir(tmp_path / "storage/snapshots") == []


def test_what_a_container_sees_has_no_way_out(driver: VfsDriver) -> None:
    driver.prepare("one", ())
    with open_view(driver.mounts("one")) as root:
        here, above = os.stat(".", dir_fd=root), os.stat("..", dir_fd=root)
        assert os.path.samestat(here, above)
        assert os.path.samestat(here, os.stat(driver.upper_path("one")))


def test_a_layer_is_not_changed_by_whoever_is_made_from_it(driver: VfsDriver, tmp_path: Path) -> None:
    driver.add_layer(BASE, (), archive(Layer().add("one", b"below").link("two", "one", b"1")))
    driver.prepare("s", (BASE,))
    inside(driver, "s", tmp_path, lambda p: (p / "one").open("r+").write("above"))
    assert told(driver, "s") == ["C /one", "C /two"]
    driver.prepare("t", (BASE,))
    assert inside(driver, "t", tmp_path, lambda p: (p / "two").read_text()) == "below"


# comparing


@pytest.fixture
def copied(tmp_path: Path) -> tuple[Path, Path]:
    """A tree, and a copy of it."""
    tree, copy = tmp_path / "tree", tmp_path / "copy"
    (tree / "d").mkdir(parents=True)
    (tree / "d/file").write_text("text")
    copy_tree(str(tree), str(copy))
    return tree, copy


def compared(tree: Path, copy: Path, since_ns: int) -> list[str]:
    return [f"{found.kind} {found.path}" for found in differences(str(copy), str(tree), since_ns)]


def test_what_looks_untouched_and_was_touched_is_read(copied: tuple[Path, Path]) -> None:
    tree, copy = copied
    info = os.stat(copy / "d/file")
    (copy / "d/file").write_text("evil")
    os.utime(copy / "d/file", ns=(info.st_atime_ns, info.st_mtime_ns))
    assert compared(tree, copy, info.st_ctime_ns) == ["C /d", "C /d/file"]


def test_what_was_not_touched_since_the_copy_is_not_read(copied: tuple[Path, Path]) -> None:
    """It would be seen to differ."""
    tree, copy = copied
    info = os.stat(copy / "d/file")
    (copy / "d/file").write_text("evil")
    os.utime(copy / "d/file", ns=(info.st_atime_ns, info.st_mtime_ns))
    assert compared(tree, copy, os.stat(copy / "d/file").st_ctime_ns + 1) == []


def test_a_copy_of_a_copy_differs_in_nothing_whatever_the_clock_says(copied: tuple[Path, Path]) -> None:
    tree, copy = copied
    assert compared(tree, copy, 0) == []
    assert compared(tree, copy, 1 << 62) == []


def test_a_deep_tree_is_compared_to_a_hundred_levels(copied: tuple[Path, Path]) -> None:
    tree, copy = copied
    here = os.open(copy, os.O_RDONLY)
    for _ in range(200):
        os.mkdir("deep", dir_fd=here)
        below = os.open("deep", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    found = compared(tree, copy, 0)
    assert found[0] == "A /deep"
    assert len(found) == 101
    assert compared(copy, tree, 0) == ["D /deep"]
    remove_tree(str(copy))


def test_a_tree_that_a_container_changes_meanwhile_is_compared_without_waiting(copied: tuple[Path, Path]) -> None:
    """A file takes turns with a FIFO, which blocks who opens it, and a directory with a link that leads out."""
    tree, copy = copied
    mtime = os.stat(copy / "d/file").st_mtime_ns
    os.mkfifo(copy / "pipe")
    (copy / "out").symlink_to("/proc")
    over = threading.Event()

    def change() -> None:
        while not over.is_set():
            for name, other in (("d/file", "pipe"), ("d", "out")):
                os.rename(copy / name, copy / "aside")
                os.rename(copy / other, copy / name)
                os.rename(copy / name, copy / other)
                os.rename(copy / "aside", copy / name)
            os.utime(copy / "d/file", ns=(mtime, mtime))

    thread = threading.Thread(target=change)
    thread.start()
    try:
        for _ in range(300):
            assert len(compared(tree, copy, 0)) < 10
    finally:
        over.set()
        thread.join()


def test_a_directory_of_a_layer_keeps_its_own_look_where_the_next_one_only_adds_to_it(
    driver: VfsDriver, tmp_path: Path
) -> None:
    """A deletion and what comes after it in the same archive: the directory that is made anew looks as before."""
    driver.add_layer(BASE, (), archive(Layer().directory("d", mode=0o2750, uid=5, gid=6).add("d/old")))
    driver.add_layer(TOP, (BASE,), archive(Layer().add(".wh.d").add("d/new")))
    driver.prepare("one", (BASE, TOP))
    info = inside(driver, "one", tmp_path, lambda p: os.stat(p / "d"))
    assert (stat.S_IMODE(info.st_mode), info.st_uid, info.st_gid) == (0o2750, 5, 6)


def test_an_unpacker_gets_a_copy_of_what_is_below(driver: VfsDriver) -> None:
    def look(target: LayerTarget) -> None:
        assert os.listdir(target.root_fd) == ["a"]
        assert [os.listdir(fd) for fd in target.lower_fds] == [["a"]]
        assert target.whiteouts == "plain"

    driver.add_layer(BASE, (), files(a="b"))
    driver.add_layer(TOP, (BASE,), look)
