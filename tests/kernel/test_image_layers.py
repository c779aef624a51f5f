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

from tests.layers import Layer, unpack
from tuicont.core.errors import EngineError, Invalid
from tuicont.core.files.trees import remove_tree
from tuicont.core.image.layers.apply import apply_layer
from tuicont.core.storage.base import LayerTarget
from tuicont.core.storage.overlay.driver import OverlayDriver
from tuicont.core.storage.whiteouts import is_opaque
from tuicont.core.sys.kernel import RealKernel

pytestmark = pytest.mark.kernel

# capabilities(7), "File capabilities": cap_net_bind_service=ep; kept by every file system that has attributes at all.
CAPABILITY = struct.pack("<5I", 0x02000001, 1 << 10, 0, 0, 0)


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


@pytest.mark.parametrize("order", ["deletion first", "deletion last"])
def test_on_a_plain_copy_a_deletion_takes_what_was_below_and_not_what_the_layer_brings(root, order):
    (root / "d/e").mkdir(parents=True)
    for name in ("f", "d/below", "d/e/below"):
        (root / name).write_text("below")
    brings = [("d/e/own", b"own"), ("f", b"own")]
    deletes = [(".wh.d", b""), (".wh.f", b"")]
    layer = Layer()
    for name, data in deletes + brings if order == "deletion first" else brings + deletes:
        layer.add(name, data)
    unpack(layer, root, whiteouts="plain")
    assert sorted(str(path.relative_to(root)) for path in root.rglob("*")) == ["d", "d/e", "d/e/own", "f"]
    assert (root / "f").read_text() == "own"


def test_on_a_plain_copy_an_opaque_directory_keeps_only_what_the_layer_brings(root):
    (root / "old/sub").mkdir(parents=True)
    for name in ("old/a", "old/sub/b", "old/sub/c"):
        (root / name).write_text("below")
    unpack(Layer().add("old/sub/c", b"own").add("old/.wh..wh..opq").add("old/a2", b"own"), root, whiteouts="plain")
    assert sorted(str(path.relative_to(root)) for path in root.rglob("*")) == ["old", "old/a2", "old/sub", "old/sub/c"]


def test_on_a_plain_copy_deleting_what_is_not_there_makes_nothing(root):
    (root / "file").touch()
    (root / "link").symlink_to("nowhere")
    layer = (
        Layer().add(".wh.never").add("no/such/.wh.directory").add("file/.wh.x").add("link/.wh.x").add(".wh..wh.plnk")
    )
    unpack(layer, root, whiteouts="plain")
    assert sorted(os.listdir(root)) == ["file", "link"]


def test_on_a_plain_copy_a_file_that_is_replaced_keeps_its_other_names(root):
    (root / "one").write_text("below")
    os.link(root / "one", root / "two")
    unpack(Layer().add("one", b"own").link("three", "two", tarfile.LNKTYPE).add(".wh.two"), root, whiteouts="plain")
    assert (root / "one").read_text() == "own"
    assert (root / "three").read_text() == "below"
    assert not (root / "two").exists()
    assert [os.stat(root / name).st_nlink for name in ("one", "three")] == [1, 1]


def test_on_a_plain_copy_directories_are_as_old_as_their_layers_say(root):
    for name in ("named", "touched", "emptied"):
        (root / name).mkdir()
        (root / name / "file").touch()
        os.utime(root / name, (1000, 1000))
    layer = Layer().directory("named", mtime=2000).add("named/new").add("touched/new").add("emptied/.wh.file")
    unpack(layer, root, whiteouts="plain")
    assert [os.stat(root / name).st_mtime for name in ("named", "touched", "emptied")] == [2000, 1000, 1000]


def test_a_directory_that_is_named_again_is_what_it_is_said_to_be_now(root):
    (root / "d").mkdir(0o700)
    for name in ("user.old", "user.both", "trusted.overlay.opaque"):
        os.setxattr(root / "d", name, b"y")
    unpack(Layer().directory("d", mode=0o711, uid=7, pax_headers={"SCHILY.xattr.user.both": "new"}), root)
    assert {name: os.getxattr(root / "d", name) for name in os.listxattr(root / "d")} == {
        "user.both": b"new",
        "trusted.overlay.opaque": b"y",
    }
    assert (stat.S_IMODE(os.stat(root / "d").st_mode), os.stat(root / "d").st_uid) == (0o711, 7)


def test_a_directory_that_is_not_named_has_the_attributes_that_it_has_below(root, tmp_path):
    (tmp_path / "lower/d").mkdir(parents=True)
    for name in ("user.note", "trusted.overlay.opaque"):
        os.setxattr(tmp_path / "lower/d", name, b"y")
    unpack(Layer().add("d/file", b"x"), root, tmp_path / "lower")
    assert os.listxattr(root / "d") == ["user.note"]


def test_something_below_a_deletion_of_the_same_layer_hides_what_was_there(root, tmp_path):
    (tmp_path / "lower/d/e").mkdir(parents=True)
    unpack(Layer().add(".wh.d").add("d/e/file", b"x"), root, tmp_path / "lower")
    assert opaque(root / "d")
    assert (root / "d/e/file").read_bytes() == b"x"


@pytest.mark.parametrize("order", ["deletion first", "deletion last"])
def test_an_opaque_directory_holds_no_deletions(root, tmp_path, order):
    """Overlayfs would list them: it merges nothing there."""
    (tmp_path / "lower/d/e").mkdir(parents=True)
    for name in ("d/x", "d/e/x"):
        (tmp_path / "lower" / name).touch()
    names = ["d/.wh.x", "d/e/.wh.x", "d/.wh..wh..opq"]
    layer = Layer().directory("d").directory("d/e")
    for name in names if order == "deletion first" else reversed(names):
        layer.add(name)
    unpack(layer, root, tmp_path / "lower")
    assert opaque(root / "d")
    assert [str(path.relative_to(root)) for path in sorted(root.rglob("*"))] == ["d", "d/e"]


@pytest.mark.parametrize("whiteouts", ["overlay", "plain"])
def test_deletions_may_be_as_deep_as_a_path_can_be(root, tmp_path, whiteouts):
    deep = "d/" * 1900
    (tmp_path / "lower").mkdir()
    layer = Layer().add(f"{deep}own", b"x").add("d/.wh..wh..opq").add(f"{deep}.wh.own").add(".wh.d")
    unpack(layer, root, tmp_path / "lower", whiteouts=whiteouts)
    assert os.listdir(root / deep) == ["own"]
    remove_tree(str(root / "d"))


@pytest.mark.parametrize("name", ["../outside/evil", "a/../../outside/evil", "..", "/../outside/evil"])
def test_a_name_that_leads_out_is_refused(root, outside, name):
    with pytest.raises(Invalid, match="leads out"):
        unpack(Layer().add(name, b"evil"), root)


@pytest.mark.parametrize(("name", "target"), [("b", "x/../x/a"), ("x/../b", "x/a"), ("y/z/../../b", "./x//a")])
def test_dots_within_an_archive_are_resolved_in_its_names(root, outside, name, target):
    """As others resolve them: whether x is there, or a link, does not matter."""
    unpack(Layer().link("y", str(outside)).add("x/a", b"x").link(name, target, tarfile.LNKTYPE), root)
    assert os.path.samefile(root / "b", root / "x/a")


def test_a_name_that_comes_to_nothing_is_the_root(root, outside):
    unpack(Layer().directory("x/..", mode=0o711).add("x/../.", b"no file"), root)
    assert root.stat().st_mode & 0o7777 == 0o711
    assert not os.listdir(root)


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
