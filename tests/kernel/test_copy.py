"""`cp` in both directions: Docker's rules for names, and a root that nothing leads out of."""

from __future__ import annotations

import contextlib
import io
import os
import struct
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tuicont.core.errors import EngineError, Invalid, NotFound
from tuicont.core.image.layers.copy import pack, unpack
from tuicont.core.storage.overlay.driver import OverlayDriver
from tuicont.core.storage.view import open_view
from tuicont.core.sys.kernel import RealKernel
from tuicont.core.sys.mounts import in_private_namespace, mount

pytestmark = pytest.mark.kernel


@pytest.fixture
def root(tmp_path: Path) -> Path:
    place = tmp_path / "root"
    (place / "etc").mkdir(parents=True)
    (place / "etc/passwd").write_text("root:x:0:0\n")
    (place / "srv/deep").mkdir(parents=True)
    (place / "srv/deep/file").write_text("deep")
    (place / "srv/one").write_bytes(bytes(range(256)) * 3000)
    os.link(place / "srv/one", place / "srv/two")
    (place / "srv/link").symlink_to("/etc/passwd")
    (place / "data").symlink_to("/srv")
    return place


@pytest.fixture
def root_fd(root: Path) -> Iterator[int]:
    fd = os.open(root, os.O_PATH | os.O_DIRECTORY)
    yield fd
    os.close(fd)


def packed(root_fd: int, path: str, *, follow: bool = False) -> tarfile.TarFile:
    return tarfile.open(fileobj=io.BytesIO(b"".join(pack(root_fd, path, follow=follow))))


def archive(build: Callable[[tarfile.TarFile], None]) -> io.BytesIO:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as tar:
        build(tar)
    file.seek(0)
    return file


def one(name: str, data: bytes = b"", kind: bytes = tarfile.REGTYPE, link: str = "") -> io.BytesIO:
    def build(tar: tarfile.TarFile) -> None:
        info = tarfile.TarInfo(name)
        info.type, info.size, info.linkname = kind, len(data), link
        tar.addfile(info, io.BytesIO(data))

    return archive(build)


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("/etc/passwd", ["passwd"]),
        ("etc/passwd", ["passwd"]),
        ("/etc", ["etc", "etc/passwd"]),
        ("/etc/", ["etc", "etc/passwd"]),
        ("/etc/.", [".", "./passwd"]),
        ("/srv/deep/../deep", ["deep", "deep/file"]),
        ("/../../etc", ["etc", "etc/passwd"]),
        ("/srv/link", ["link"]),
        ("/data", ["data"]),
        ("/data/deep", ["deep", "deep/file"]),
    ],
)
def test_entries_begin_with_the_base_name(root_fd, path, names):
    assert packed(root_fd, path).getnames() == names


def test_the_root_itself_can_be_copied(root_fd):
    assert packed(root_fd, "/").getnames()[:2] == [".", "./data"]


def test_a_link_is_packed_as_it_is_unless_followed(root_fd):
    member = packed(root_fd, "/srv/link").getmembers()[0]
    assert (member.issym(), member.linkname) == (True, "/etc/passwd")
    followed = packed(root_fd, "/srv/link", follow=True)
    assert followed.extractfile("link").read() == b"root:x:0:0\n"
    assert packed(root_fd, "/data", follow=True).getnames()[:2] == ["data", "data/deep"]


def test_contents_owners_modes_and_hard_links_are_kept(root, root_fd):
    os.chown(root / "srv/deep/file", 12, 34)
    os.chmod(root / "srv/deep/file", 0o6755)
    tar = packed(root_fd, "/srv")
    file = tar.getmember("srv/deep/file")
    assert (file.uid, file.gid, file.mode, file.uname) == (12, 34, 0o6755, "")
    assert tar.extractfile("srv/one").read() == bytes(range(256)) * 3000
    assert (tar.getmember("srv/two").islnk(), tar.getmember("srv/two").linkname) == (True, "srv/one")


def test_what_goes_out_comes_in_the_same(root, root_fd):
    capability = struct.pack("<5I", 0x02000001, 1 << 10, 0, 0, 0)
    os.setxattr(root / "srv/one", "security.capability", capability)
    (root / "copy").mkdir()
    unpack(root_fd, "/copy", io.BytesIO(b"".join(pack(root_fd, "/srv"))))
    done = subprocess.run(["diff", "-r", "--no-dereference", root / "srv", root / "copy/srv"], check=False)
    assert done.returncode == 0
    assert os.stat(root / "copy/srv/one").st_ino == os.stat(root / "copy/srv/two").st_ino
    assert os.getxattr(root / "copy/srv/one", "security.capability") == capability
    assert os.stat(root / "copy/srv/one").st_mtime_ns == os.stat(root / "srv/one").st_mtime_ns


@pytest.mark.parametrize("path", ["/nowhere", "/etc/nowhere", "/srv/deep/none/x"])
def test_a_path_that_is_not_there_is_said_at_once(root_fd, path):
    with pytest.raises(NotFound, match="there is no"):
        next(pack(root_fd, path))
    with pytest.raises(NotFound):
        unpack(root_fd, path, one("x"))


def test_a_file_is_no_directory(root_fd):
    with pytest.raises(Invalid):
        next(pack(root_fd, "/etc/passwd/"))
    with pytest.raises(Invalid):
        unpack(root_fd, "/etc/passwd", one("x"))


@pytest.mark.parametrize("link", ["/etc", "../../../../../../../../etc", "../.."])
def test_no_link_leads_out_of_the_root(root, root_fd, link):
    (root / "way").symlink_to(link)
    host = Path("/etc/passwd").read_bytes()
    for path in ("/way/passwd", "/way/etc/passwd"):
        try:
            found = packed(root_fd, path, follow=True)
        except EngineError:
            continue
        assert found.extractfile("passwd").read() == b"root:x:0:0\n"
    with contextlib.suppress(EngineError):
        unpack(root_fd, "/way", one("evil", b"x"))
    assert not os.path.exists("/etc/evil")
    assert not os.path.exists("/evil")
    assert Path("/etc/passwd").read_bytes() == host


def test_a_magic_link_is_not_followed(root):
    """/proc/PID/root of a process outside, as a container that shares the host's pids would see it."""
    (root / "proc").mkdir()

    def run() -> None:
        mount("proc", str(root / "proc"), "proc", 0, "")
        fd = os.open(root, os.O_PATH | os.O_DIRECTORY)
        try:
            for path in ("/proc/self/root/etc/hostname", f"/proc/{os.getpid()}/cwd"):
                with pytest.raises(EngineError):
                    next(pack(fd, path, follow=True))
            with pytest.raises(EngineError):
                unpack(fd, "/proc/self/root/tmp", one("evil"))
            assert packed(fd, "/").getnames().count("./proc") == 1
            assert not [name for name in packed(fd, "/").getnames() if name.startswith("./proc/")]
        finally:
            os.close(fd)

    in_private_namespace(run)
    assert not os.path.exists("/tmp/evil")


def test_a_link_in_the_archive_leads_nowhere_else(root, root_fd, tmp_path):
    (tmp_path / "outside").mkdir()

    def build(tar: tarfile.TarFile) -> None:
        info = tarfile.TarInfo("way")
        info.type, info.linkname = tarfile.SYMTYPE, "../" * 20 + str(tmp_path / "outside")
        tar.addfile(info)
        info = tarfile.TarInfo("way/evil")
        tar.addfile(info)

    with contextlib.suppress(EngineError):
        unpack(root_fd, "/srv", archive(build))
    assert os.listdir(tmp_path / "outside") == []


@pytest.mark.parametrize("name", ["../evil", "a/../../evil", ".."])
def test_dots_in_a_name_are_refused(root_fd, name):
    with pytest.raises(Invalid, match="leads out"):
        unpack(root_fd, "/srv/deep", one(name))


def test_device_nodes_are_made(root, root_fd):
    unpack(root_fd, "/srv", one("disk", kind=tarfile.BLKTYPE))
    assert (root / "srv/disk").is_block_device()


def test_a_directory_is_not_replaced_by_a_file(root, root_fd):
    with pytest.raises(Invalid, match="directory in the container"):
        unpack(root_fd, "/srv", one("deep", b"x"))
    assert (root / "srv/deep/file").read_text() == "deep"


def test_a_file_replaces_a_file_and_never_writes_through_its_links(root, root_fd):
    (root / "srv/alias").symlink_to("/etc/passwd")
    unpack(root_fd, "/srv", one("alias", b"new"))
    assert (root / "srv/alias").read_bytes() == b"new"
    assert (root / "etc/passwd").read_text() == "root:x:0:0\n"
    unpack(root_fd, "/srv", one("two", b"new"))
    assert len((root / "srv/one").read_bytes()) == 256 * 3000


def test_a_cut_archive_is_an_error(root_fd):
    stream = b"".join(pack(root_fd, "/srv"))
    with pytest.raises(Invalid, match="not a whole tar archive"):
        unpack(root_fd, "/etc", io.BytesIO(stream[: len(stream) // 2]))


def test_a_pipe_in_the_tree_does_not_block(root, root_fd):
    os.mkfifo(root / "srv/pipe")
    assert packed(root_fd, "/srv").getmember("srv/pipe").isfifo()


def test_a_stopped_containers_snapshot_takes_part(tmp_path):
    driver = OverlayDriver(RealKernel(), str(tmp_path / "storage"))
    chain = ("sha256:" + "1" * 64,)
    driver.add_layer(chain[0], (), lambda target: os.mkdir("etc", dir_fd=target.root_fd))
    driver.prepare("one", chain)
    with open_view(driver.mounts("one")) as fd:
        unpack(fd, "/etc", one("motd", b"hello"))
        assert packed(fd, "/etc").extractfile("etc/motd").read() == b"hello"
    assert [(c.kind, c.path) for c in driver.changes("one")] == [("C", "/etc"), ("A", "/etc/motd")]
    assert str(tmp_path) not in Path("/proc/self/mountinfo").read_text()


def test_the_file_may_shrink_while_it_is_read(root, root_fd):
    (root / "srv/big").write_bytes(bytes(4 << 20))
    stream = pack(root_fd, "/srv/big")
    parts = [next(stream), next(stream)]
    os.truncate(root / "srv/big", 10)
    raw = b"".join([*parts, *stream])
    with tarfile.open(fileobj=io.BytesIO(raw)) as tar:
        assert tar.getmember("big").size == 4 << 20
        assert tar.extractfile("big").read().count(0) == 4 << 20
