"""What a container or an image puts in the place of a file is looked at before it is opened, and mostly not opened."""

from __future__ import annotations

import contextlib
import fcntl
import io
import os
import random
import stat
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import pytest
from inotify_simple import INotify, flags

from tests.contract.storages import BASE, DRIVERS, archive
from tests.hung_fuse import HungFuse
from tests.image_home import docker_archive, write
from tests.kernel.host import eventually, state, status
from tests.kernel.test_lifecycle import run
from tests.kernel.test_safety import busybox_layer, entered, in_group
from tests.layers import Layer
from tests.support import require_that
from tuicont.core.engine.engine import LocalEngine
from tuicont.core.errors import EngineError, Invalid
from tuicont.core.files.copy import copy_tree
from tuicont.core.files.trees import remove_tree
from tuicont.core.image.archive.files import DirectoryFiles
from tuicont.core.image.layers.copy import pack, unpack
from tuicont.core.model.container import Container
from tuicont.core.model.request import BindMount, ContainerRequest, ExecRequest
from tuicont.core.model.state import State
from tuicont.core.storage.overlay.changes import changes
from tuicont.core.storage.vfs.differences import differences
from tuicont.core.storage.view import open_view
from tuicont.core.sys.inode_flags import FS_APPEND_FL, set_flags
from tuicont.core.sys.kernel import RealKernel

T = TypeVar("T")

pytestmark = pytest.mark.host_only
"""The second kernel has no loop devices."""

LOOP, NULL = 7, os.makedev(1, 3)
LOOP_CTL_REMOVE = 0x4C81
HUNT = 2.0
"""Seconds in which a reader meets such a moment again and again."""
GIB = 1 << 30


def loop_device(number: int) -> int:
    shift = int(Path("/sys/module/loop/parameters/max_part").read_text()).bit_length()
    return os.makedev(LOOP, number << shift)


def came_to_be(number: int) -> bool:
    """Whether somebody has opened the loop device; it is removed again."""
    there = os.path.exists(f"/sys/block/loop{number}")
    if there:
        with open("/dev/loop-control") as control:
            fcntl.ioctl(control, LOOP_CTL_REMOVE, number)
    return there


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[int]:
    """A block device that comes to be when it is opened, as loop devices do; nobody may have opened it in the end."""
    number = random.randrange(1000, 4000)
    device, probe = loop_device(number), tmp_path / "probe"
    os.mknod(probe, stat.S_IFBLK | 0o600, device)
    with contextlib.suppress(OSError):
        os.close(os.open(probe, os.O_RDONLY))
    probe.unlink()
    require_that(came_to_be(number), "a loop device that comes to be when it is opened")
    yield device
    assert not came_to_be(number), "the block device has been opened"


def within(seconds: float, action: Callable[[], T]) -> T:
    """The result of `action`, which does not take so long."""
    results: list[T] = []
    failures: list[BaseException] = []

    def act() -> None:
        try:
            results.append(action())
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=act, daemon=True)
    thread.start()
    thread.join(seconds)
    assert not thread.is_alive(), "it hangs"
    if failures:
        raise failures[0]
    return results[0]


@contextlib.contextmanager
def unseen(what: int, *paths: Path) -> Iterator[None]:
    """The kernel tells (inotify(7)) of no `what` at these paths meanwhile."""
    with INotify() as watch:
        for path in paths:
            watch.add_watch(str(path), what | flags.DONT_FOLLOW)
        yield
        assert not [event for event in watch.read(timeout=0) if event.mask & what]


@contextlib.contextmanager
def unopened(*paths: Path) -> Iterator[None]:
    """Nobody opens what is at these paths meanwhile (O_PATH opens nothing)."""
    with unseen(flags.OPEN, *paths):
        yield


# a file of names

MAKERS: dict[str, Callable[[Path, int], object]] = {
    "a block device": lambda path, disk: os.mknod(path, stat.S_IFBLK | 0o666, disk),
    "a character device": lambda path, disk: os.mknod(path, stat.S_IFCHR | 0o666, NULL),
    "a FIFO": lambda path, disk: os.mkfifo(path, 0o666),
    "a socket": lambda path, disk: os.mknod(path, stat.S_IFSOCK | 0o666),
    "a directory": lambda path, disk: path.mkdir(),
    f"has {10 * GIB} bytes": lambda path, disk: (path.touch(), os.truncate(path, 10 * GIB)),
}


def inside(container: Container, path: str) -> Path:
    return Path(f"/proc/{container.pid}/root{path}")


@pytest.mark.parametrize(("name", "place"), [("/etc/passwd", "/etc/passwd"), ("/etc/group", "/tmp/linked")])
@pytest.mark.parametrize("what", MAKERS)
def test_exec_opens_nothing_to_find_a_user_in_but_a_file_of_names(
    engine: LocalEngine, disk: int, what: str, name: str, place: str
) -> None:
    container = run(engine)
    inside(container, name).unlink()
    MAKERS[what](inside(container, place), disk)
    if place != name:
        inside(container, name).symlink_to(place)
    watched = [] if what.startswith("has ") else [inside(container, place)]
    with unopened(*watched), pytest.raises(Invalid) as refused:
        within(10, lambda: engine.tasks.exec(container.id, ExecRequest(command=("true",), user="daemon")))
    assert f"the container's {name}" in str(refused.value) and what in str(refused.value)
    assert refused.value.hint
    engine.tasks.exec(container.id, ExecRequest(command=("true",))).close()  # it needs no names


@pytest.mark.parametrize("target", ["/nowhere", "../../../../../etc/passwd", "/proc/1/root/etc/passwd", "/proc/kmsg"])
def test_a_file_of_names_that_leads_elsewhere_names_nobody(engine: LocalEngine, target: str) -> None:
    container = run(engine)
    inside(container, "/etc/passwd").unlink()
    inside(container, "/etc/passwd").symlink_to(target)
    # Whoever reads that one takes away what the host's own log has not yet got.
    with unseen(flags.ACCESS, inside(container, "/proc/kmsg")), pytest.raises(Invalid, match="no user 'daemon'"):
        within(10, lambda: engine.tasks.exec(container.id, ExecRequest(command=("true",), user="daemon")))
    engine.tasks.exec(container.id, ExecRequest(command=("true",), user="12")).close()


def test_a_file_of_names_on_a_file_system_that_hangs_keeps_nobody_from_removing_the_container(
    engine: LocalEngine, tmp_path: Path
) -> None:
    with ThreadPoolExecutor(1) as pool, HungFuse(tmp_path / "dead") as dead:
        container = run(engine, mounts=(BindMount(source=str(dead.place), target="/mnt"),))
        inside(container, "/etc/passwd").unlink()
        inside(container, "/etc/passwd").symlink_to("/mnt/passwd")
        request = ExecRequest(command=("true",), user="daemon")
        entering = pool.submit(lambda: engine.tasks.exec(container.id, request))
        eventually(lambda: any("request_wait" in task.read_text() for task in Path("/proc/self/task").glob("*/wchan")))
        within(20, lambda: engine.containers.remove(container.id, force=True))
        eventually(lambda: state(container.pid) == "")
    with pytest.raises(EngineError):
        entering.result(10)


LAYERS: dict[str, Callable[[Layer, int], object]] = {
    "a block device": lambda layer, disk: layer.add(
        "etc/passwd", kind=tarfile.BLKTYPE, devmajor=os.major(disk), devminor=os.minor(disk)
    ),
    "a character device": lambda layer, disk: layer.add("etc/passwd", kind=tarfile.CHRTYPE, devmajor=1, devminor=3),
    "a FIFO": lambda layer, disk: layer.add("etc/passwd", kind=tarfile.FIFOTYPE),
    f"has {5 << 20} bytes": lambda layer, disk: layer.add("etc/passwd", bytes(5 << 20)),
}


@pytest.mark.parametrize("what", LAYERS)
def test_a_start_opens_nothing_of_an_image_but_a_file_of_names(
    engine: LocalEngine, disk: int, tmp_path: Path, what: str
) -> None:
    layer = Layer()
    LAYERS[what](layer, disk)
    engine.images.load(write(tmp_path / "bad.tar", docker_archive(busybox_layer(), layer.bytes(), tags=["bad:1"])))
    container = engine.containers.create(ContainerRequest(image="bad:1", command=("true",), user="daemon"))
    with pytest.raises(Invalid) as refused:
        within(20, lambda: engine.tasks.start(container.id))
    assert "the container's /etc/passwd" in str(refused.value) and what in str(refused.value)
    assert [c.state for c in engine.containers.list()] == [State.CREATED]


@pytest.mark.parametrize("kind", DRIVERS)
def test_a_view_lets_nobody_open_a_device_or_execute(kind: str, tmp_path: Path, disk: int) -> None:
    driver = DRIVERS[kind](RealKernel(), str(tmp_path / "storage"))
    node = {"devmajor": os.major(disk), "devminor": os.minor(disk)}
    driver.add_layer(BASE, (), archive(Layer().add("disk", kind=tarfile.BLKTYPE, **node)))
    driver.prepare("one", (BASE,))
    with open_view(driver.mounts("one")) as root:
        forbidden = os.ST_NODEV | os.ST_NOSUID | os.ST_NOEXEC
        assert os.fstatvfs(root).f_flag & forbidden == forbidden
        with pytest.raises(PermissionError):
            os.open("disk", os.O_RDONLY, dir_fd=root)
        unpack(root, "/", io.BytesIO(b"".join(pack(root, "/disk"))))
    driver.remove("one")


# copies

NODES = {"a block device": "isblk", "a character device": "ischr", "a FIFO": "isfifo"}


def copied(engine: LocalEngine, container: Container, path: str, *, follow: bool = False) -> tarfile.TarFile:
    stream = within(10, lambda: b"".join(engine.files.copy_out(container.id, path, follow=follow)))
    return tarfile.open(fileobj=io.BytesIO(stream))


@pytest.mark.parametrize("stopped", [False, True], ids=["running", "stopped"])
def test_a_copy_out_names_devices_and_pipes_and_opens_none(engine: LocalEngine, disk: int, stopped: bool) -> None:
    container = run(engine)
    place = inside(container, "/tmp")
    for what in (*NODES, "a socket"):
        MAKERS[what](place / what, disk)
    (place / "link").symlink_to("a block device")
    with unopened(*(place / what for what in (*NODES, "a socket"))):
        if stopped:
            engine.tasks.kill(container.id)
        members = {member.name: member for member in copied(engine, container, "/tmp")}
        for what, kind in NODES.items():
            assert getattr(members[f"tmp/{what}"], kind)()
            assert getattr(copied(engine, container, f"/tmp/{what}").getmembers()[0], kind)()
        assert copied(engine, container, "/tmp/link", follow=True).getmembers()[0].isblk()
        assert "tmp/a socket" not in members and not copied(engine, container, "/tmp/a socket").getmembers()
    device = members["tmp/a block device"]
    assert os.makedev(device.devmajor, device.devminor) == disk


@pytest.mark.parametrize("stopped", [False, True], ids=["running", "stopped"])
def test_a_copy_in_makes_devices_and_pipes_and_opens_none(engine: LocalEngine, disk: int, stopped: bool) -> None:
    container = run(engine)
    place = inside(container, "/tmp")
    (place / "pipe").write_text("is replaced")
    os.mknod(place / "file", stat.S_IFBLK | 0o600, disk)
    layer = Layer().add("pipe", kind=tarfile.FIFOTYPE).add("null", kind=tarfile.CHRTYPE, devmajor=1, devminor=3)
    layer.add("disk", kind=tarfile.BLKTYPE, devmajor=os.major(disk), devminor=os.minor(disk), mode=0o640)
    layer.add("file", b"takes the place of a device")
    if stopped:
        engine.tasks.kill(container.id)
    within(10, lambda: engine.files.copy_in(container.id, "/tmp", io.BytesIO(layer.bytes())))
    if stopped:
        container = engine.tasks.start(container.id)
        place = inside(container, "/tmp")
    found = {name: os.lstat(place / name) for name in os.listdir(place)}
    assert stat.S_ISFIFO(found["pipe"].st_mode)
    assert stat.S_ISCHR(found["null"].st_mode) and found["null"].st_rdev == NULL
    assert found["disk"].st_mode == stat.S_IFBLK | 0o640 and found["disk"].st_rdev == disk
    assert (place / "file").read_text() == "takes the place of a device"


def test_a_copy_ends_though_the_file_grows_faster_than_it_is_read(tmp_path: Path) -> None:
    file = tmp_path / "log"
    file.write_text("begun")
    over = threading.Event()

    def grow() -> None:
        size = 0
        while not over.is_set() and size < 1 << 43:
            size += GIB
            os.truncate(file, size)

    root = os.open(tmp_path, os.O_PATH)
    chunks = pack(root, "/log")
    header = next(chunks)  # with the size that it has
    grower = threading.Thread(target=grow)
    grower.start()
    try:
        within(10, lambda: header + b"".join(chunks))
    finally:
        over.set()
        grower.join()
        os.close(root)


# a file that becomes something else after it was looked at


def read_all(place: str) -> None:
    root = os.open(place, os.O_PATH)
    try:
        for _ in pack(root, "/."):
            pass
    finally:
        os.close(root)


def load(place: str) -> None:
    files = DirectoryFiles(place)
    try:
        with contextlib.suppress(Invalid):
            files.read("file")
    finally:
        files.close()


def compare(place: str) -> None:
    for _ in differences(place, place, 0):
        pass


def list_changes(place: str) -> None:
    for _ in changes(place, ()):
        pass


def copy(place: str) -> None:
    try:
        copy_tree(place, f"{place}-copy")
    finally:
        remove_tree(f"{place}-copy")


READERS = {
    "cp": read_all,
    "load of a directory": load,
    "diff of layers": list_changes,
    "diff of copies": compare,
    "copy of a layer": copy,
}


SWAPPER = """
import os, sys
place = sys.argv[1]
while True:
    for name in ("device", "plain"):
        os.link(name, "next")
        os.rename("next", place)
        if os.path.lexists("next"):  # two names of one file are not renamed
            os.unlink("next")
"""


@pytest.mark.parametrize("reader", READERS)
def test_what_takes_the_place_of_a_file_at_the_last_moment_is_not_opened(
    reader: str, tmp_path: Path, disk: int
) -> None:
    place = tmp_path / "place"
    place.mkdir()
    (tmp_path / "plain").touch()
    os.mknod(tmp_path / "device", stat.S_IFBLK | 0o600, disk)
    os.link(tmp_path / "plain", place / "file")
    with subprocess.Popen([sys.executable, "-c", SWAPPER, place / "file"], cwd=tmp_path) as swapper:
        try:
            eventually(lambda: (place / "file").is_block_device())
            deadline = time.monotonic() + HUNT
            while time.monotonic() < deadline:
                with contextlib.suppress(OSError, EngineError):
                    READERS[reader](str(place))
        finally:
            swapper.kill()


def test_a_device_among_files_that_may_not_be_removed_is_not_opened(tmp_path: Path, disk: int) -> None:
    place = tmp_path / "place"
    place.mkdir()
    os.mknod(place / "device", stat.S_IFBLK | 0o600, disk)
    fd = os.open(place, os.O_RDONLY)
    set_flags(fd, FS_APPEND_FL)
    os.close(fd)
    remove_tree(str(place))
    assert not place.exists()


# what a process is handed

WAYS = [{}, {"tty": True}, {"stdin_open": True}, {"tty": True, "stdin_open": True}]


@pytest.mark.parametrize("own_null", [True, False], ids=["its own null", "no null"])
@pytest.mark.parametrize("way", WAYS, ids=lambda way: "+".join(way) or "neither")
def test_no_process_of_a_container_holds_a_file_of_a_mount_of_the_host(
    engine: LocalEngine, way: dict[str, bool], own_null: bool
) -> None:
    container = run(engine, init=True, **way)
    eventually(lambda: len(in_group(engine, container)) == 2)
    if not own_null:
        inside(container, "/dev/null").unlink()
    with contextlib.closing(engine.tasks.attach(container.id, stdin=way.get("stdin_open", False))):
        pids = {*in_group(engine, container), *(entered(engine, container, **each) for each in WAYS)}
        hosts = {line.split()[2] for line in Path("/proc/self/mountinfo").read_text().splitlines()}
        for pid in pids:
            assert status(pid, "NSpid").split()[0] == str(pid) != status(pid, "NSpid").split()[-1]
            for number in os.listdir(f"/proc/{pid}/fd"):
                held = os.stat(f"/proc/{pid}/fd/{number}")
                device = f"{os.major(held.st_dev)}:{os.minor(held.st_dev)}"
                assert device not in hosts, (pid, os.readlink(f"/proc/{pid}/fd/{number}"))
