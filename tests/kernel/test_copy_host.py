"""What `cp` reads on the host's side, where a container may be at work too, and what it asks of the container's."""

from __future__ import annotations

import io
import os
import socket
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import require
from tuicont.core.errors import Invalid, KernelError
from tuicont.core.image.layers.copy import look, pack, pack_path
from tuicont.core.model.file import FileStat
from tuicont.core.sys.mounts import in_private_namespace, mount

pytestmark = pytest.mark.kernel


@pytest.fixture
def root_fd(tmp_path: Path) -> Iterator[int]:
    fd = os.open(tmp_path, os.O_PATH | os.O_DIRECTORY)
    yield fd
    os.close(fd)


def opened(stream: bytes) -> tarfile.TarFile:
    return tarfile.open(fileobj=io.BytesIO(stream))


def held(stream: bytes, name: str) -> bytes:
    with opened(stream) as tar:
        content = tar.extractfile(name)
        assert content is not None
        return content.read()


def test_a_tree_of_the_host_is_packed_under_another_name_and_as_roots(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d/f").write_text("hello")
    (tmp_path / "d/l").symlink_to("f")
    os.link(tmp_path / "d/f", tmp_path / "d/other")
    os.chown(tmp_path / "d/f", 4321, 1234)
    os.utime(tmp_path / "d/f", ns=(0, 1_700_000_000_123_456_789))
    with opened(b"".join(pack_path(f"{tmp_path}/d", "new"))) as tar:
        assert {member.name: (member.uid, member.gid, member.uname) for member in tar} == dict.fromkeys(
            ("new", "new/f", "new/l", "new/other"), (0, 0, "")
        )
        assert tar.getmember("new/other").islnk() and tar.getmember("new/l").linkname == "f"
        assert tar.getmember("new/f").pax_headers["mtime"] == "1700000000.123456789"
    with opened(b"".join(pack_path(f"{tmp_path}/d/f", "g", keep_owner=True))) as tar:
        assert (tar.getmember("g").uid, tar.getmember("g").gid) == (4321, 1234)


def test_a_link_of_the_host_is_followed_if_it_is_the_source_and_asked_for(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("hello")
    (tmp_path / "l").symlink_to("f")
    with opened(b"".join(pack_path(f"{tmp_path}/l", "name"))) as tar:
        assert tar.getmember("name").linkname == "f"
    assert held(b"".join(pack_path(f"{tmp_path}/l", "name", follow=True)), "name") == b"hello"


def test_sockets_are_passed_over_and_told_of(tmp_path: Path) -> None:
    (tmp_path / "f").touch()
    with socket.socket(socket.AF_UNIX) as unix:
        unix.bind(f"{tmp_path}/sock")
        told: list[tuple[str, str]] = []
        stream = b"".join(pack_path(str(tmp_path), "d", left_out=lambda name, why: told.append((name, why))))
    assert opened(stream).getnames() == ["d", "d/f"] and told == [("d/sock", "is a socket")]


def test_a_name_that_is_swapped_while_it_is_read_leads_nowhere_and_holds_nobody_up(tmp_path: Path) -> None:
    """A container that has the source as a volume puts links to the host's secrets, and FIFOs, where files were."""
    place, secret = tmp_path / "volume", tmp_path / "secret"
    place.mkdir()
    secret.write_text("secret")
    over = threading.Event()

    def swap() -> None:
        while not over.is_set():
            for name in ("a", "b"):
                for make in (os.mkfifo, lambda path: os.symlink(secret, path), lambda path: Path(path).write_text("x")):
                    make(f"{place}/new")
                    os.rename(f"{place}/new", f"{place}/{name}")

    swapper = threading.Thread(target=swap)
    swapper.start()
    kinds = set()
    try:
        end = time.monotonic() + 1
        while time.monotonic() < end:
            with opened(b"".join(pack_path(str(place), "d"))) as tar:
                for member in tar:
                    kinds.add(member.type)
                    content = tar.extractfile(member) if member.isreg() else None
                    assert content is None or content.read() in (b"x", b"")
    finally:
        over.set()
        swapper.join(10)
    assert not swapper.is_alive() and {tarfile.FIFOTYPE, tarfile.SYMTYPE, tarfile.REGTYPE} <= kinds


# what a destination in a container is


@pytest.mark.parametrize(
    ("path", "leads_to"),
    [
        ("/d/f", "/d/f"),
        ("/to-file", "/d/f"),
        ("/chain", "/d/f"),
        ("/up", "/../../d/f"),
        ("/to-nothing", "/d/new"),
        ("/d/new", "/d/new"),
        ("/nowhere/new", "/nowhere/new"),
        ("d/f", "d/f"),
    ],
)
def test_a_link_is_followed_to_where_a_file_is_or_would_be(
    tmp_path: Path, root_fd: int, path: str, leads_to: str
) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d/f").touch()
    links = {"to-file": "d/f", "chain": "/to-file", "to-nothing": "d/new", "up": "../../d/f"}
    for name, target in links.items():
        (tmp_path / name).symlink_to(target)
    found = look(root_fd, path)
    assert found.path == leads_to
    assert found.mode == ((tmp_path / "d/f").stat().st_mode if leads_to.endswith("f") else 0)


def test_a_directory_is_one_through_a_link_and_with_a_slash(tmp_path: Path, root_fd: int) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "f").touch()
    (tmp_path / "alias").symlink_to("d")
    (tmp_path / "to-file").symlink_to("f")
    for path in ("/d", "/d/", "/d/.", "/alias", "/alias/", "/alias/.", "/alias/..", "/", "."):
        assert look(root_fd, path).is_directory, path
    for path in ("/f/", "/f/.", "/to-file/", "/f/x"):
        with pytest.raises(Invalid, match="not a directory"):
            look(root_fd, path)
    (tmp_path / "to-new").symlink_to("d/new")
    assert look(root_fd, "/new/") == FileStat(path="/new")
    assert look(root_fd, "/to-new/") == FileStat(path="/d/new")


def test_links_in_a_circle_have_an_end(tmp_path: Path, root_fd: int) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(Invalid, match="in a circle"):
        look(root_fd, "/a")


def test_what_is_looked_at_is_not_opened(tmp_path: Path, root_fd: int) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "way").symlink_to("pipe")
    found = look(root_fd, "/way")
    assert (found.kind, found.is_replaceable) == ("a FIFO", False)


UNPACK = """
import os, sys
from tuicont.core.image.layers.copy import unpack
unpack(os.open(sys.argv[1], os.O_PATH), "/", sys.stdin.buffer, left_out=lambda *told: print(*told))
"""


def test_a_device_that_nobody_may_make_is_passed_over_and_told_of(tmp_path: Path) -> None:
    device = tarfile.TarInfo("null")
    device.type, device.devmajor, device.devminor = tarfile.CHRTYPE, 1, 3
    without = [require("setpriv"), "--bounding-set=-mknod", sys.executable, "-c", UNPACK, str(tmp_path)]
    stream = device.tobuf() + tarfile.TarInfo("after").tobuf() + bytes(1024)
    done = subprocess.run(without, input=stream, capture_output=True, check=True)
    assert done.stdout == b"null is a device, which nobody may make here\n" and os.listdir(tmp_path) == ["after"]


# files that do not say how long they are


def test_files_of_the_kernel_come_whole(tmp_path: Path) -> None:
    """They claim to have no bytes (procfs) or 4096 (sysfs)."""
    for name in ("proc", "sys"):
        (tmp_path / name).mkdir()

    def run() -> None:
        mount("proc", f"{tmp_path}/proc", "proc", 0, "")
        mount("sysfs", f"{tmp_path}/sys", "sysfs", 0, "")
        fd = os.open(tmp_path, os.O_PATH | os.O_DIRECTORY)
        try:
            for path in ("proc/version", "proc/sys/kernel/ostype", "sys/kernel/mm/transparent_hugepage/enabled"):
                assert held(b"".join(pack(fd, path)), os.path.basename(path)) == (tmp_path / path).read_bytes()
            walked = b"".join(pack(fd, "proc/sys/kernel/random"))
            assert held(walked, "random/poolsize") == (tmp_path / "proc/sys/kernel/random/poolsize").read_bytes()
        finally:
            os.close(fd)

    in_private_namespace(run)


def test_a_walk_reads_what_everybody_may_and_says_what_it_passes_over() -> None:
    """Reading the others as root can be an act: /proc/kmsg takes away what it shows."""
    told: dict[str, str] = {}
    names = opened(b"".join(pack_path(f"/proc/{os.getpid()}", "me", left_out=told.__setitem__))).getnames()
    assert {"me/status", "me/cmdline"} <= set(names)
    private = {f"me/{name}" for name in ("mem", "environ", "pagemap", "auxv")}
    assert not private & set(names)
    assert {told[name] for name in private} == {"is a file of the kernel that not everybody may read"}


def test_a_file_of_the_kernel_without_end_is_refused() -> None:
    with pytest.raises(KernelError, match="EFBIG"):
        b"".join(pack_path(f"/proc/{os.getpid()}/pagemap", "pagemap"))


def test_an_empty_file_is_one(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    assert held(b"".join(pack_path(f"{tmp_path}/empty", "empty")), "empty") == b""
