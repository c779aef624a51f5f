"""Layers' archives are unpacked as the image specification says, and harm nothing outside of their directory."""

from __future__ import annotations

import gc
import hashlib
import io
import os
import stat
import struct
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tuicont.core.errors import EngineError, Invalid
from tuicont.core.image.layers.apply import apply_layer
from tuicont.core.storage.base import LayerTarget
from tuicont.core.storage.overlay.driver import OverlayDriver
from tuicont.core.storage.whiteouts import is_opaque
from tuicont.core.sys.kernel import RealKernel

pytestmark = pytest.mark.kernel

# capabilities(7), "File capabilities": cap_net_bind_service=ep; kept by every file system that has attributes at all.
CAPABILITY = struct.pack("<5I", 0x02000001, 1 << 10, 0, 0, 0)


class Layer:
    """Writes a layer's archive."""

    def __init__(self) -> None:
        self._file = io.BytesIO()
        self._tar = tarfile.open(fileobj=self._file, mode="w", format=tarfile.PAX_FORMAT)  # noqa: SIM115

    def add(self, name: str, data: bytes = b"", kind: bytes = tarfile.REGTYPE, **fields: object) -> Layer:
        info = tarfile.TarInfo(name)
        info.type, info.size = kind, len(data)
        info.mode = 0o755 if kind == tarfile.DIRTYPE else 0o644
        for field, value in fields.items():
            setattr(info, field, value)
        self._tar.addfile(info, io.BytesIO(data))
        return self

    def directory(self, name: str, **fields: object) -> Layer:
        return self.add(name, kind=tarfile.DIRTYPE, **fields)

    def link(self, name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> Layer:
        return self.add(name, kind=kind, linkname=target)

    def bytes(self) -> bytes:
        self._tar.close()
        return self._file.getvalue()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "layer").mkdir()
    return tmp_path / "layer"


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Path]:
    """Something that no archive may touch; asserted afterwards."""
    place = tmp_path / "outside"
    place.mkdir()
    (place / "precious").write_text("untouched")
    os.chmod(place, 0o750)
    before = (os.stat(place), os.stat(place / "precious"))
    yield place
    assert os.listdir(place) == ["precious"]
    assert (place / "precious").read_text() == "untouched"
    for path, info in zip((place, place / "precious"), before, strict=True):
        now = os.stat(path)
        assert (now.st_mode, now.st_uid, now.st_mtime_ns) == (info.st_mode, info.st_uid, info.st_mtime_ns)


def unpack(layer: Layer, root: Path, *lowers: Path, whiteouts: str = "overlay") -> None:
    raw = layer.bytes()
    opened = [os.open(path, os.O_RDONLY | os.O_DIRECTORY) for path in (root, *lowers)]
    try:
        target = LayerTarget(root_fd=opened[0], whiteouts=whiteouts, lower_fds=tuple(opened[1:]))
        apply_layer(io.BytesIO(raw), "sha256:" + hashlib.sha256(raw).hexdigest(), target)  # type: ignore[arg-type]
    finally:
        for fd in opened:
            os.close(fd)


def opaque(path: Path) -> bool:
    fd = os.open(path, os.O_RDONLY)
    try:
        return is_opaque(fd)
    finally:
        os.close(fd)


def whiteout(path: Path) -> bool:
    info = os.lstat(path)
    return stat.S_ISCHR(info.st_mode) and info.st_rdev == 0


def test_everything_about_an_entry_is_kept(root):
    header = {
        "SCHILY.xattr.security.capability": CAPABILITY.decode(),
        "SCHILY.xattr.trusted.overlay.opaque": "y",
        "mtime": "1234567.000000089",
    }
    unpack(
        Layer()
        .directory("d", mode=0o1777, uid=5, gid=6, mtime=111)
        .add("d/setuid", b"#!", mode=0o4711, uid=1000, gid=2000, pax_headers=header)
        .link("d/link", "/nowhere")
        .link("d/same", "d/setuid", tarfile.LNKTYPE)
        .add("d/pipe", kind=tarfile.FIFOTYPE, mode=0o622, uid=3)
        .add("d/null", kind=tarfile.CHRTYPE, devmajor=1, devminor=3, mode=0o666),
        root,
    )
    directory, file, pipe, node = (os.lstat(root / n) for n in ("d", "d/setuid", "d/pipe", "d/null"))
    assert (stat.S_IMODE(directory.st_mode), directory.st_uid, directory.st_gid) == (0o1777, 5, 6)
    assert directory.st_mtime == 111
    assert (stat.S_IMODE(file.st_mode), file.st_uid, file.st_gid) == (0o4711, 1000, 2000)
    assert file.st_mtime_ns == 1234567 * 10**9 + 89
    assert os.listxattr(root / "d/setuid") == ["security.capability"]
    assert os.getxattr(root / "d/setuid", "security.capability") == CAPABILITY
    assert os.readlink(root / "d/link") == "/nowhere"
    assert os.stat(root / "d/same").st_ino == file.st_ino
    assert (stat.S_ISFIFO(pipe.st_mode), stat.S_IMODE(pipe.st_mode), pipe.st_uid) == (True, 0o622, 3)
    assert (stat.S_ISCHR(node.st_mode), node.st_rdev, stat.S_IMODE(node.st_mode)) == (True, os.makedev(1, 3), 0o666)


def test_the_archives_own_root_is_the_layers(root):
    unpack(Layer().directory("./", mode=0o711, uid=9).add("./file", b"x"), root)
    assert (stat.S_IMODE(os.stat(root).st_mode), os.stat(root).st_uid) == (0o711, 9)
    assert os.listdir(root) == ["file"]


def test_a_later_entry_replaces_an_earlier_one(root):
    unpack(
        Layer()
        .add("a", b"first")
        .directory("b")
        .add("b/inner", b"x")
        .link("c", "a")
        .add("a", b"second")
        .add("b", b"file now")
        .directory("c")
        .add("c/below", b"y"),
        root,
    )
    assert (root / "a").read_bytes() == b"second"
    assert (root / "b").read_bytes() == b"file now"
    assert (root / "c/below").read_bytes() == b"y"
    assert not (root / "c").is_symlink()


def test_a_directory_that_is_not_named_looks_as_it_does_below(root, tmp_path):
    lower = tmp_path / "lower"
    (lower / "home/user").mkdir(parents=True)
    os.chmod(lower / "home/user", 0o2750)
    os.chown(lower / "home/user", 1000, 1001)
    os.chmod(lower / "home/user", 0o2750)
    unpack(Layer().add("home/user/file", b"x").add("new/file", b"y"), root, lower)
    info = os.stat(root / "home/user")
    assert (stat.S_IMODE(info.st_mode), info.st_uid, info.st_gid) == (0o2750, 1000, 1001)
    assert (stat.S_IMODE(os.stat(root / "new").st_mode), os.stat(root / "new").st_uid) == (0o755, 0)


def test_deletions_become_whiteouts_and_opaque_directories(root, tmp_path):
    lower = tmp_path / "lower"
    (lower / "etc").mkdir(parents=True)
    (lower / "etc/gone").touch()
    (lower / "old").mkdir()
    unpack(Layer().add("etc/.wh.gone").add("old/.wh..wh..opq").add("old/new", b"n").add(".wh..wh.plnk"), root, lower)
    assert whiteout(root / "etc/gone")
    assert opaque(root / "old")
    assert sorted(os.listdir(root)) == ["etc", "old"]
    assert os.listdir(root / "old") == ["new"]


def test_deleting_what_no_layer_below_has_leaves_nothing(root, tmp_path):
    (tmp_path / "lower").mkdir()
    unpack(Layer().directory("d").add("d/.wh.never"), root, tmp_path / "lower")
    assert os.listdir(root / "d") == []


@pytest.mark.parametrize("order", ["deletion first", "deletion last"])
def test_a_deletion_hides_what_is_below_and_not_what_the_layer_brings(root, tmp_path, order):
    lower = tmp_path / "lower"
    (lower / "d").mkdir(parents=True)
    (lower / "f").touch()
    layer = Layer()
    brings = [("d", tarfile.DIRTYPE), ("f", tarfile.REGTYPE)]
    deletes = [(".wh.d", tarfile.REGTYPE), (".wh.f", tarfile.REGTYPE)]
    for name, kind in deletes + brings if order == "deletion first" else brings + deletes:
        layer.add(name, kind=kind)
    unpack(layer, root, lower)
    assert (root / "d").is_dir()
    assert opaque(root / "d")
    assert (root / "f").is_file()


def test_on_a_plain_copy_deletions_are_carried_out(root):
    (root / "etc").mkdir()
    (root / "etc/gone").touch()
    (root / "old").mkdir()
    (root / "old/a").touch()
    (root / "keep").touch()
    layer = Layer().add("old/new", b"n").add("old/.wh..wh..opq").add("etc/.wh.gone").add("keep", b"own").add(".wh.keep")
    unpack(layer, root, whiteouts="plain")
    assert os.listdir(root / "etc") == []
    assert os.listdir(root / "old") == ["new"]
    assert (root / "keep").read_bytes() == b"own"


@pytest.mark.parametrize("name", ["../outside/evil", "a/../../outside/evil", "..", "a/..", "/../outside/evil"])
def test_a_name_with_dots_is_refused(root, outside, name):
    with pytest.raises(Invalid, match="leads out"):
        unpack(Layer().add(name, b"evil"), root)


def test_an_absolute_name_is_below_the_root(root, outside):
    unpack(Layer().add(f"{outside}/evil", b"x"), root)
    assert (root / str(outside).lstrip("/") / "evil").read_bytes() == b"x"


@pytest.mark.parametrize(
    "target", ["{outside}", "../outside", "../../../../../../../../{outside}", "/proc/self/root{outside}"]
)
def test_a_file_behind_a_link_stays_inside(root, outside, target):
    layer = Layer().link("way", target.format(outside=outside)).add("way/evil", b"x")
    try:
        unpack(layer, root)
    except EngineError:
        # Refused, or written inside of the root; `outside` asserts the rest.
        assert not (root / "way/evil").exists()


@pytest.mark.parametrize("kind", [tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE])
def test_an_entry_over_a_link_replaces_the_link(root, outside, kind):
    unpack(Layer().link("way", str(outside)).add("way", kind=kind, mode=0o777, uid=99), root)
    assert not (root / "way").is_symlink()
    assert os.stat(root / "way").st_uid == 99


@pytest.mark.parametrize("target", ["{outside}/precious", "../outside/precious", "../../../../{outside}/precious"])
def test_a_hard_link_to_the_outside_is_refused(root, outside, target):
    with pytest.raises(Invalid):
        unpack(Layer().link("stolen", target.format(outside=outside), tarfile.LNKTYPE), root)
    assert not (root / "stolen").exists()


def test_a_hard_link_through_a_link_to_the_outside_is_refused(root, outside):
    layer = Layer().link("way", str(outside)).link("stolen", "way/precious", tarfile.LNKTYPE)
    with pytest.raises(Invalid):
        unpack(layer, root)


@pytest.mark.parametrize("name", [".wh...", ".wh..", "d/.wh...", ".wh."])
def test_a_deletion_of_dots_is_refused_or_nothing(root, outside, tmp_path, name):
    (tmp_path / "lower/d").mkdir(parents=True)
    with pytest.raises(Invalid):
        unpack(Layer().add(name), root, tmp_path / "lower")


def test_the_directory_cache_does_not_outlive_what_it_was_of(root, outside):
    layer = Layer().directory("a").directory("a/b").add("a/b/one", b"1")
    layer.add("a", b"file").link("a", str(outside)).add("a/b/evil", b"x")
    with pytest.raises(EngineError):
        unpack(layer, root)
        # On a host where the absolute link leads to a new directory inside, that is fine as well.
        raise Invalid("unpack", "inside") if (root / "a").is_symlink() else AssertionError


def test_many_directories_need_few_descriptors(root):
    layer = Layer()
    for number in range(600):
        layer.directory(f"d{number}").add(f"d{number}/file", b"x")
    gc.collect()  # what earlier tests left open is not this one's
    before = len(os.listdir("/proc/self/fd"))
    unpack(layer, root)
    assert len(os.listdir(root)) == 600
    assert len(os.listdir("/proc/self/fd")) <= before


def test_a_layer_that_is_not_the_one_that_was_named_is_refused(root):
    fd = os.open(root, os.O_RDONLY)
    try:
        with pytest.raises(Invalid, match="not the layer"):
            apply_layer(
                io.BytesIO(Layer().add("file", b"x").bytes()),  # type: ignore[arg-type]
                "sha256:" + "0" * 64,
                LayerTarget(root_fd=fd, whiteouts="overlay"),
            )
    finally:
        os.close(fd)


def test_a_layer_that_fails_half_way_leaves_nothing_in_the_storage(tmp_path):
    driver = OverlayDriver(RealKernel(), str(tmp_path / "storage"))
    raw = Layer().add("good", b"x").add("../evil", b"x").bytes()
    diff_id = "sha256:" + hashlib.sha256(raw).hexdigest()
    with pytest.raises(Invalid):
        driver.add_layer(diff_id, (), lambda target: apply_layer(io.BytesIO(raw), diff_id, target))  # type: ignore[arg-type]
    assert driver.names() == ()
    assert os.listdir(tmp_path / "storage/layers") == []
