"""What every storage driver does, whichever it is; asked of the kernel through a real mount of its answer."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import threading
from pathlib import Path

import pytest

from tests.contract.storages import BASE, TOP, Chain, MakeDriver, chain_id, files, inside
from tests.doubles.recording_kernel import RecordingKernel
from tests.file_systems import on
from tuicont.core.errors import AlreadyExists, EngineError, Invalid, NotFound
from tuicont.core.storage.base import LayerTarget, StorageDriver
from tuicont.core.sys.kernel import RealKernel

pytestmark = pytest.mark.kernel


def test_a_snapshot_shows_its_layers_with_the_top_one_on_top(
    driver: StorageDriver, two_layers: Chain, tmp_path: Path
) -> None:
    driver.prepare("one", two_layers)
    seen = inside(
        driver, "one", tmp_path, lambda p: ((p / "greeting").read_text(), (p / "etc/passwd").read_text(), os.listdir(p))
    )
    assert seen[:2] == ("hello, world", "root")
    assert sorted(seen[2]) == ["etc", "extra", "greeting", "old"]


def test_what_one_snapshot_writes_no_other_sees(driver: StorageDriver, two_layers: Chain, tmp_path: Path) -> None:
    driver.prepare("one", two_layers)
    driver.prepare("two", two_layers)
    inside(driver, "one", tmp_path, lambda p: (p / "greeting").write_text("mine"))
    assert inside(driver, "two", tmp_path, lambda p: (p / "greeting").read_text()) == "hello, world"
    assert inside(driver, "one", tmp_path, lambda p: (p / "greeting").read_text()) == "mine"


def test_nothing_stays_in_the_hosts_mount_table(driver: StorageDriver, two_layers: Chain, tmp_path: Path) -> None:
    driver.prepare("one", two_layers)
    inside(driver, "one", tmp_path, lambda p: (p / "new").write_text("n"))
    assert str(tmp_path) not in Path("/proc/self/mountinfo").read_text()
    driver.remove("one")
    assert str(tmp_path) not in Path("/proc/self/mountinfo").read_text()


def test_changes_are_told_by_path_as_added_changed_and_deleted(
    driver: StorageDriver, two_layers: Chain, tmp_path: Path
) -> None:
    driver.prepare("one", two_layers)

    def work(root: Path) -> None:
        (root / "greeting").write_text("changed")
        (root / "etc/group").unlink()
        (root / "new").mkdir()
        (root / "new/file").write_text("12345")

    inside(driver, "one", tmp_path, work)
    assert [(c.kind, c.path) for c in driver.changes("one")] == [
        ("C", "/etc"),
        ("D", "/etc/group"),
        ("C", "/greeting"),
        ("A", "/new"),
        ("A", "/new/file"),
    ]
    assert {c.path: c.size for c in driver.changes("one")}["/new/file"] == 5


def test_a_directory_that_was_replaced_tells_what_it_hides(
    driver: StorageDriver, two_layers: Chain, tmp_path: Path
) -> None:
    driver.prepare("one", two_layers)

    def work(root: Path) -> None:
        subprocess.run(["rm", "-r", str(root / "old")], check=True)
        (root / "old").mkdir()
        (root / "old/b").write_text("new")
        (root / "old/c").write_text("new")

    inside(driver, "one", tmp_path, work)
    assert [(c.kind, c.path) for c in driver.changes("one")] == [
        ("C", "/old"),
        ("D", "/old/a"),
        ("C", "/old/b"),
        ("A", "/old/c"),
    ]


def test_what_was_made_and_deleted_again_is_no_change(driver: StorageDriver, two_layers: Chain, tmp_path: Path) -> None:
    driver.prepare("one", two_layers)

    def work(root: Path) -> None:
        (root / "passing").write_text("x")
        (root / "passing").unlink()

    inside(driver, "one", tmp_path, work)
    assert list(driver.changes("one")) == []


def test_a_layer_that_is_there_is_not_unpacked_again(driver: StorageDriver, two_layers: Chain) -> None:
    def never(target: LayerTarget) -> None:
        raise AssertionError("unpacked again")

    assert driver.add_layer(BASE, (), never).files == 5


def test_usage_counts_contents_and_files_of_that_layer_alone(driver: StorageDriver, two_layers: Chain) -> None:
    usage = driver.usage(TOP)
    assert (usage.bytes, usage.files) == (len("hello, world") + 1, 2)


def test_a_layer_whose_unpacking_fails_is_not_there(driver: StorageDriver, two_layers: Chain) -> None:
    def broken(target: LayerTarget) -> None:
        files(half="done")(target)
        raise ValueError("torn archive")

    before = driver.names()
    with pytest.raises(ValueError, match="torn"):
        driver.add_layer(chain_id(3), two_layers, broken)
    assert driver.names() == before
    with pytest.raises(NotFound):
        driver.prepare("one", (*two_layers, chain_id(3)))


def test_a_layer_in_work_is_nobodys_leftover(driver: StorageDriver) -> None:
    seen: list[tuple[str, ...]] = []
    driver.add_layer(BASE, (), lambda target: seen.append(driver.names()))
    assert seen == [()]
    assert driver.names() == (BASE,)


def test_a_layer_added_by_two_at_once_is_there_once(driver: StorageDriver, tmp_path: Path) -> None:
    barrier = threading.Barrier(4)

    def unpack(target: LayerTarget) -> None:
        barrier.wait(10)
        files(greeting="hello")(target)

    threads = [threading.Thread(target=driver.add_layer, args=(BASE, (), unpack)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert driver.names() == (BASE,)
    driver.prepare("one", (BASE,))
    assert inside(driver, "one", tmp_path, lambda p: (p / "greeting").read_text()) == "hello"


def test_a_snapshot_over_a_missing_layer_is_refused_and_leaves_nothing(
    driver: StorageDriver, two_layers: Chain
) -> None:
    before = driver.names()
    with pytest.raises(NotFound, match="prepare the snapshot one"):
        driver.prepare("one", (chain_id(9), TOP))
    assert driver.names() == before


def test_a_snapshot_name_in_use_is_refused(driver: StorageDriver, two_layers: Chain, tmp_path: Path) -> None:
    driver.prepare("one", two_layers)
    inside(driver, "one", tmp_path, lambda p: (p / "kept").write_text("k"))
    with pytest.raises(AlreadyExists):
        driver.prepare("one", two_layers)
    assert inside(driver, "one", tmp_path, lambda p: (p / "kept").read_text()) == "k"


@pytest.mark.parametrize("name", ["", "../x", "a/b", "a,lowerdir=b", "a:b", ".hidden", "a\\b"])
def test_a_name_that_could_lead_elsewhere_is_refused(driver: StorageDriver, two_layers: Chain, name: str) -> None:
    with pytest.raises(Invalid):
        driver.prepare(name, two_layers)


def test_removing_what_is_not_there_succeeds(driver: StorageDriver, two_layers: Chain) -> None:
    driver.remove("never")
    driver.remove(chain_id(77))


def test_removing_takes_layers_and_snapshots_from_the_names(driver: StorageDriver, two_layers: Chain) -> None:
    driver.prepare("one", two_layers)
    assert driver.names() == ("one", BASE, TOP)
    driver.remove("one")
    driver.remove(TOP)
    assert driver.names() == (BASE,)
    with pytest.raises(NotFound):
        driver.mounts("one")
    with pytest.raises(NotFound):
        driver.prepare("two", two_layers)


def test_a_snapshot_without_layers_is_an_empty_root(driver: StorageDriver, tmp_path: Path) -> None:
    driver.prepare("one", ())
    inside(driver, "one", tmp_path, lambda p: (p / "file").write_text("x"))
    assert [c.path for c in driver.changes("one")] == ["/file"]


def test_the_root_directory_looks_as_in_the_top_layer(driver: StorageDriver, tmp_path: Path) -> None:
    def unpack(target: LayerTarget) -> None:
        os.fchmod(target.root_fd, 0o1777)
        os.fchown(target.root_fd, 12, 34)

    driver.add_layer(BASE, (), unpack)
    driver.add_layer(TOP, (BASE,), files(a="b"))
    driver.prepare("one", (BASE, TOP))
    info = inside(driver, "one", tmp_path, os.stat)
    assert (stat.S_IMODE(info.st_mode), info.st_uid, info.st_gid) == (0o1777, 12, 34)


def test_128_layers_mount(make: MakeDriver, tmp_path: Path) -> None:
    def mounted(place: Path) -> tuple[int, str]:
        driver = make(RealKernel(), str(place / "storage"))
        chain: tuple[str, ...] = ()
        for number in range(128):
            brings = files(**{f"file{number}": str(number), "last": str(number)})
            driver.add_layer(chain_id(1000 + number), chain, brings)
            chain += (chain_id(1000 + number),)
        # As long as a container's id is.
        driver.prepare("f" * 64, chain)
        return inside(driver, "f" * 64, place, lambda p: (len(os.listdir(p)), (p / "last").read_text()))

    # In memory, where many small files cost little.
    assert on("tmpfs", tmp_path, mounted) == (129, "127")


def test_a_new_driver_on_the_same_directory_finds_everything(
    make: MakeDriver, driver: StorageDriver, two_layers: Chain, tmp_path: Path
) -> None:
    driver.prepare("one", two_layers)
    inside(driver, "one", tmp_path, lambda p: (p / "mine").write_text("m"))
    again = make(RealKernel(), str(tmp_path / "storage"))
    assert again.names() == driver.names()
    assert inside(again, "one", tmp_path, lambda p: (p / "mine").read_text()) == "m"
    assert [c.path for c in again.changes("one")] == ["/mine"]


def test_a_hostile_tree_is_removed_and_hurts_nothing_outside(
    driver: StorageDriver, two_layers: Chain, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_text("p")
    driver.prepare("one", two_layers)

    def work(root: Path) -> None:
        (root / "link").symlink_to(outside)
        (root / "up").symlink_to("../" * 30)
        os.mkfifo(root / "pipe")
        here = os.open(root, os.O_RDONLY)
        for _ in range(1500):
            os.mkdir("d", dir_fd=here)
            below = os.open("d", os.O_RDONLY, dir_fd=here)
            os.close(here)
            here = below
        os.close(here)
        (root / "fixed").mkdir()
        (root / "fixed/file").write_text("x")

    inside(driver, "one", tmp_path, work)
    driver.remove("one")
    assert "one" not in driver.names()
    assert (outside / "precious").read_text() == "p"


def test_immutable_files_are_removed(driver: StorageDriver, two_layers: Chain, tmp_path: Path) -> None:
    driver.prepare("one", two_layers)

    def work(root: Path) -> None:
        (root / "fixed").mkdir()
        (root / "fixed/file").write_text("x")
        for path in ("fixed/file", "fixed"):
            done = subprocess.run(["chattr", "+i", str(root / path)], capture_output=True, text=True)
            if done.returncode:
                pytest.skip(f"no immutable files here: {done.stderr.strip()}")

    inside(driver, "one", tmp_path, work)
    driver.remove("one")
    assert "one" not in driver.names()


def test_a_preparation_that_fails_at_any_call_leaves_no_snapshot(make: MakeDriver, tmp_path: Path) -> None:
    kernel = RecordingKernel()
    driver = make(kernel, str(tmp_path / "storage"))
    driver.add_layer(BASE, (), files(a="b"))
    driver.prepare("first", (BASE,))
    driver.remove("first")
    start = len(kernel.calls)
    driver.prepare("counted", (BASE,))
    calls = len(kernel.calls) - start
    driver.remove("counted")
    for nth in range(1, calls + 1):
        kernel.fail(nth, errno.ENOSPC)
        with pytest.raises((EngineError, OSError)) as caught:
            driver.prepare("one", (BASE,))
        assert isinstance(caught.value, EngineError), f"call {nth} of {calls}"
        assert driver.names() == (BASE,)
    driver.prepare("one", (BASE,))
    assert driver.names() == ("one", BASE)


def test_a_probe_that_was_killed_is_a_leftover_like_any_other(driver: StorageDriver, tmp_path: Path) -> None:
    driver.add_layer(BASE, (), files(a="b"))
    leftover = tmp_path / "storage/layers" / f"{'0' * 64}.abcd.tmp"
    (leftover / "work/work").mkdir(parents=True)
    [name] = set(driver.names()) - {BASE}
    driver.remove(name)
    assert not leftover.exists()
