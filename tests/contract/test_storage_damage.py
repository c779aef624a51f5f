"""Whatever a storage driver is killed in, and whatever fails it, only what a sweep removes is left; and what it changes
on the disk, it changes through its port."""

from __future__ import annotations

import os
import random
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.contract.storages import BASE, TOP, MakeDriver, Watcher, archive, files, inside
from tests.file_systems import MEMORY
from tests.layers import Layer
from tuicont.core.errors import EngineError
from tuicont.core.storage.base import LayerTarget, StorageDriver
from tuicont.core.sys.kernel import RealKernel

pytestmark = pytest.mark.kernel

POINTS = 60
SEED = 20261125


def life(driver: StorageDriver) -> None:
    """All that changes a storage."""
    driver.probe()
    driver.add_layer(BASE, (), archive(Layer().add("etc/a", b"1").add("etc/b", b"2").link("l", "x")))
    driver.add_layer(TOP, (BASE,), archive(Layer().add("etc/.wh.a").add("etc/c", b"3")))
    driver.prepare("one", (BASE, TOP))
    driver.prepare("two", ())
    driver.remove("one")
    driver.remove(TOP)


def in_child(make: MakeDriver, place: str, at: int) -> int:
    """A life, killed at the `at`-th call into C; how many there were when it was not."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        calls = 0

        def count(_frame: object, event: str, _argument: object) -> None:
            nonlocal calls
            if event == "c_call":
                calls += 1
                if calls == at:
                    os.kill(os.getpid(), signal.SIGKILL)

        try:
            driver = make(RealKernel(), place)
            sys.setprofile(count)
            life(driver)
            sys.setprofile(None)
            os.write(writer, str(calls).encode())
        finally:
            os._exit(0)
    os.close(writer)
    os.waitpid(pid, 0)
    with os.fdopen(reader) as pipe:
        return int(pipe.read() or 0)


def left_in(place: Path) -> list[str]:
    """What is there besides the driver's own directories."""
    return [str(path) for directory in place.iterdir() for path in directory.iterdir()]


@pytest.fixture
def memory() -> Iterator[Path]:
    """A directory where a hundred lives take no time."""
    with tempfile.TemporaryDirectory(dir=MEMORY) as directory:
        yield Path(directory)


def test_a_kill_at_any_moment_leaves_what_is_whole_and_what_a_sweep_removes(make: MakeDriver, memory: Path) -> None:
    total = in_child(make, str(memory / "counted"), 0)
    assert total > POINTS
    expected = {BASE: {"etc", "l"}, TOP: {"etc", "l"}}
    halves = 0
    for point in random.Random(SEED).sample(range(1, total), POINTS):
        place = memory / str(point)
        in_child(make, str(place), point)
        driver = make(RealKernel(), str(place))
        found = driver.names()
        halves += bool(set(found) - {BASE, TOP, "one", "two"})
        for name in {BASE, TOP} & set(found):
            # A layer that is told under its own name is whole.
            driver.prepare("look", (BASE, name) if name == TOP else (BASE,))
            names = inside(driver, "look", memory, lambda p: (set(os.listdir(p)), sorted(os.listdir(p / "etc"))))
            assert names == (expected[name], ["b", "c"] if name == TOP else ["a", "b"]), f"killed at {point} of {total}"
            driver.remove("look")
        for name in found:
            driver.remove(name)
        assert driver.names() == (), f"killed at {point} of {total}"
        if place.exists():
            assert [path for path in left_in(place) if "/l/" not in path] == [], f"killed at {point} of {total}"
        # And nothing is in the way of doing it all again.
        life(driver)
        assert set(driver.names()) == {BASE, "two"}
    assert halves, "no kill ever left a layer half made"


def test_everything_that_a_driver_changes_it_changes_through_its_port(make: MakeDriver, tmp_path: Path) -> None:
    (tmp_path / "merged").mkdir()
    kernel = Watcher(str(tmp_path))
    driver = make(kernel, str(tmp_path / "storage"))

    def broken(target: LayerTarget) -> None:
        files(half="done")(target)
        raise EngineError("unpack", "torn archive")

    life(driver)
    driver.add_layer(BASE, (), broken)
    with pytest.raises(EngineError, match="torn"):
        driver.add_layer(TOP, (BASE,), broken)
    driver.prepare("one", (BASE,))
    kernel.check("before a container")
    # What it writes, and what the kernel makes in an overlay's scratch directory, are no driver's.
    inside(driver, "one", tmp_path, lambda p: (p / "new").write_text("n"))
    kernel.forget()
    list(driver.changes("one"))
    driver.usage("one")
    driver.usage(BASE)
    driver.names()
    for name in driver.names():
        driver.remove(name)
    kernel.check("at the end")
    assert kernel.past == []
    assert {"mkdir", "symlink", "unpack", "remove tree", "rename"} <= {call[0] for call in kernel.ledger}


def test_what_goes_round_the_port_would_be_seen(tmp_path: Path) -> None:
    """The test of the tests above."""
    kernel = Watcher(str(tmp_path))
    kernel.mkdir(f"{tmp_path}/through")
    kernel.check("now")
    assert kernel.past == []
    ways: tuple[Callable[[], object], ...] = (
        lambda: os.mkdir(tmp_path / "past"),
        lambda: os.chmod(tmp_path / "through", 0o711),
        lambda: os.symlink("a", tmp_path / "link"),
        lambda: os.rename(tmp_path / "link", tmp_path / "other"),
        lambda: os.unlink(tmp_path / "other"),
        lambda: os.setxattr(tmp_path / "through", "user.note", b"n"),
    )
    for past in ways:
        seen = len(kernel.past)
        past()
        kernel.exists(f"{tmp_path}/through")
        assert len(kernel.past) > seen
