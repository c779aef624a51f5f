"""What layers hold is what a container sees, whichever driver keeps them: to the nanosecond and the last attribute."""

from __future__ import annotations

import errno
import os
import stat
import struct
import tarfile
from pathlib import Path
from typing import Any

import pytest

from tests.contract.storages import BASE, TOP, MakeDriver, archive, files, inside, told
from tests.file_systems import on
from tests.layers import Layer, unpack
from tests.portrait import portrait
from tuicont.core.errors import EngineError
from tuicont.core.storage.base import StorageDriver
from tuicont.core.sys.kernel import RealKernel

pytestmark = pytest.mark.kernel

# capabilities(7), "File capabilities": cap_net_bind_service=ep.
CAPABILITY = struct.pack("<5I", 0x02000001, 1 << 10, 0, 0, 0).decode()
OLD = "1234567.000000089"


def access_list(*entries: tuple[int, int, int]) -> str:
    """A `system.posix_acl_*` attribute (linux/posix_acl_xattr.h): (tag, permissions, id), as pax headers hold it."""
    return (struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)).decode(
        "utf-8", "surrogateescape"
    )


NOBODY = 0xFFFFFFFF
# rw- for its owner, --- for its group, r-- for user 7; the mask shows as the mode's group.
READERS = access_list((1, 6, NOBODY), (2, 4, 7), (4, 0, NOBODY), (0x10, 4, NOBODY), (0x20, 0, NOBODY))
ACCESS, DEFAULT = "SCHILY.xattr.system.posix_acl_access", "SCHILY.xattr.system.posix_acl_default"


def everything() -> Layer:
    """One of each thing that a layer can bring."""
    kept = {"mtime": OLD, "SCHILY.xattr.user.note": "kept"}
    return (
        Layer()
        .directory("d", mode=0o3771, uid=5, gid=6, pax_headers=kept)
        .add("d/setuid", b"#!", mode=0o6711, uid=1000, gid=2000, pax_headers=kept)
        .add("d/able", b"#!", pax_headers=kept | {"SCHILY.xattr.security.capability": CAPABILITY})
        .link("d/same", "d/setuid", tarfile.LNKTYPE)
        .add("d/link", kind=tarfile.SYMTYPE, linkname="../nowhere", uid=7, pax_headers={"mtime": OLD})
        .add("d/pipe", kind=tarfile.FIFOTYPE, mode=0o622, uid=3, pax_headers={"mtime": OLD})
        .add("d/null", kind=tarfile.CHRTYPE, devmajor=1, devminor=3, mode=0o666, pax_headers={"mtime": OLD})
        .add("d/disk", kind=tarfile.BLKTYPE, devmajor=7, devminor=200, mode=0o660, gid=6, pax_headers={"mtime": OLD})
        .add("d/\udcff", b"no text", pax_headers={"mtime": OLD})
        .add("d/labelled", kind=tarfile.SYMTYPE, linkname="x", pax_headers={"SCHILY.xattr.security.note": "of a link"})
        .add(
            "d/told",
            kind=tarfile.FIFOTYPE,
            mode=0o640,
            pax_headers={ACCESS: READERS, "SCHILY.xattr.security.note": "n"},
        )
        .add("d/shared", b"s", mode=0o640, pax_headers={ACCESS: READERS})
        .directory("given", mode=0o755, pax_headers={DEFAULT: READERS})
        .add("given/plain", b"p", mode=0o664)
        .add("given/pipe", kind=tarfile.FIFOTYPE, mode=0o664)
        .directory("given/below")
        .add("given/below/plain", b"p", mode=0o664)
        .add("closed/secret", b"s", mode=0o000, uid=9, pax_headers={"mtime": OLD})
        .directory("closed", mode=0o000, pax_headers={"mtime": OLD})
    )


def seen(driver: StorageDriver, chain: tuple[str, ...], place: Path) -> dict[str, tuple[Any, ...]]:
    """The portrait of a new snapshot, without that of its root."""
    driver.prepare("one", chain)
    return {path: what for path, what in inside(driver, "one", place, portrait).items() if path}


def test_a_snapshot_shows_what_its_layer_brought(driver: StorageDriver, tmp_path: Path) -> None:
    (tmp_path / "expected").mkdir()
    unpack(everything(), tmp_path / "expected")
    driver.add_layer(BASE, (), archive(everything()))
    expected = {path: what for path, what in portrait(tmp_path / "expected").items() if path}
    assert seen(driver, (BASE,), tmp_path) == expected


def test_attributes_that_restrict_are_kept_on_everything(driver: StorageDriver, tmp_path: Path) -> None:
    """Without its access control list, the mask in a file's mode would be what its group may do. What a directory
    hands down to new files (acl(5)) is not what their archive says."""
    driver.add_layer(BASE, (), archive(everything()))
    driver.add_layer(TOP, (BASE,), archive(Layer().add("given/new", b"n", mode=0o664).add("given/x/new", mode=0o664)))
    found = seen(driver, (BASE, TOP), tmp_path)
    attributes = {path: what[4] for path, what in found.items()}
    raw = READERS.encode("utf-8", "surrogateescape")
    assert attributes["/d/told"] == {"security.note": b"n", "system.posix_acl_access": raw}
    assert attributes["/d/shared"] == {"system.posix_acl_access": raw}
    assert attributes["/d/labelled"] == {"security.note": b"of a link"}
    assert attributes["/given"] == {"system.posix_acl_default": raw}
    for name in ("plain", "pipe", "below", "below/plain", "new", "x", "x/new"):
        assert attributes[f"/given/{name}"] == {}
    assert stat.S_IMODE(found["/given/new"][0]) == 0o664


def test_the_root_has_the_attributes_of_its_layer(driver: StorageDriver, tmp_path: Path) -> None:
    root = Layer().directory(".", mode=0o640, pax_headers={ACCESS: READERS, DEFAULT: READERS})
    driver.add_layer(BASE, (), archive(root))
    driver.add_layer(TOP, (BASE,), archive(Layer().add("new", b"n", mode=0o644)))
    raw = READERS.encode("utf-8", "surrogateescape")
    driver.prepare("one", (BASE, TOP))
    found = inside(driver, "one", tmp_path, portrait)
    assert found[""][4] == {"system.posix_acl_access": raw, "system.posix_acl_default": raw}
    assert found["/new"][4] == {}


def test_layers_above_that_do_not_name_a_file_leave_it_as_it_is(driver: StorageDriver, tmp_path: Path) -> None:
    """Its directories too, but for what is new in them."""
    (tmp_path / "expected").mkdir()
    unpack(everything(), tmp_path / "expected")
    expected = {path: what for path, what in portrait(tmp_path / "expected").items() if path}
    driver.add_layer(BASE, (), archive(everything()))
    driver.add_layer(TOP, (BASE,), archive(Layer().add("d/new", b"n").add("closed/new", b"n").add("other", b"o")))
    found = seen(driver, (BASE, TOP), tmp_path)
    assert found.keys() - expected.keys() == {"/d/new", "/closed/new", "/other"}
    assert {path: found[path] for path in expected} == expected


def test_a_file_that_a_layer_replaces_keeps_its_other_names(driver: StorageDriver, tmp_path: Path) -> None:
    driver.add_layer(BASE, (), archive(Layer().add("one", b"below").link("two", "one", tarfile.LNKTYPE)))
    driver.add_layer(TOP, (BASE,), archive(Layer().add("one", b"above")))
    driver.prepare("s", (BASE, TOP))
    assert inside(driver, "s", tmp_path, lambda p: ((p / "one").read_text(), (p / "two").read_text())) == (
        "above",
        "below",
    )


@pytest.mark.parametrize("order", ["deletion first", "deletion last"])
def test_a_directory_that_a_layer_deletes_and_makes_anew_has_only_what_is_new(
    driver: StorageDriver, tmp_path: Path, order: str
) -> None:
    driver.add_layer(
        BASE, (), files(d__old="1", d__sub__old="2", o__old="3", o__sub__old="4", gone__x="5", kept__x="6")
    )
    brings = [("d/new", b"n"), ("d/sub/new", b"n"), ("o/sub/new", b"n")]
    deletes = [(".wh.d", b""), ("o/.wh..wh..opq", b""), (".wh.gone", b"")]
    layer = Layer()
    for name, data in deletes + brings if order == "deletion first" else brings + deletes:
        layer.add(name, data)
    driver.add_layer(TOP, (BASE,), archive(layer))
    driver.prepare("one", (BASE, TOP))
    names = inside(driver, "one", tmp_path, lambda p: {str(f.relative_to(p)) for f in p.rglob("*") if f.is_file()})
    assert names == {"d/new", "d/sub/new", "o/sub/new", "kept/x"}
    assert inside(driver, "one", tmp_path, lambda p: sorted(os.listdir(p))) == ["d", "kept", "o"]


def test_a_layer_can_delete_everything(driver: StorageDriver, tmp_path: Path) -> None:
    driver.add_layer(BASE, (), files(d__old="1", f="2"))
    driver.add_layer(TOP, (BASE,), archive(Layer().add("d/new", b"n").add(".wh..wh..opq")))
    driver.prepare("one", (BASE, TOP))
    assert inside(driver, "one", tmp_path, lambda p: sorted(str(f.relative_to(p)) for f in p.rglob("*"))) == [
        "d",
        "d/new",
    ]
    inside(driver, "one", tmp_path, lambda p: (p / "f").write_text("f"))
    assert told(driver, "one") == ["A /f"]


def test_what_a_layer_deletes_another_can_bring_again(driver: StorageDriver, tmp_path: Path) -> None:
    chain: tuple[str, ...] = ()
    for number, layer in enumerate(
        (
            Layer().add("d/x", b"1").add("f", b"1"),
            Layer().add(".wh.d").add(".wh.f"),
            Layer().add("d/y", b"3").add("f/z"),
        )
    ):
        name = f"sha256:{number + 10:064x}"
        driver.add_layer(name, chain, archive(layer))
        chain += (name,)
    for length, expected in ((1, {"d/x", "f"}), (2, set()), (3, {"d/y", "f/z"})):
        driver.prepare(f"s{length}", chain[:length])
        found = inside(
            driver, f"s{length}", tmp_path, lambda p: {str(f.relative_to(p)) for f in p.rglob("*") if f.is_file()}
        )
        assert found == expected


@pytest.mark.parametrize("umask", [0o000, 0o077, 0o777])
def test_the_umask_of_the_caller_does_not_matter(driver: StorageDriver, tmp_path: Path, umask: int) -> None:
    """A user whose umask is 077 would else make containers in which nobody but root can reach anything."""
    (tmp_path / "expected").mkdir()
    unpack(everything(), tmp_path / "expected")
    (tmp_path / "merged").mkdir()
    before = os.umask(umask)
    try:
        driver.add_layer(BASE, (), archive(everything()))
        driver.add_layer(TOP, (BASE,), archive(Layer().add("new/file", b"n")))
        driver.prepare("bare", ())
        driver.prepare("one", (BASE, TOP))
    finally:
        os.umask(before)
    found = inside(driver, "one", tmp_path, portrait)
    assert {path: what for path, what in found.items() if path and not path.startswith("/new")} == {
        path: what for path, what in portrait(tmp_path / "expected").items() if path
    }
    assert [stat.S_IMODE(found[path][0]) for path in ("", "/new", "/new/file")] == [0o755, 0o755, 0o644]
    assert stat.S_IMODE(inside(driver, "bare", tmp_path, os.stat).st_mode) == 0o755


def test_what_the_hosts_mount_forbids_holds_for_the_host_alone(make: MakeDriver, tmp_path: Path) -> None:
    """Setuid programs of an image run as such, though the file system of the storage is mounted nosuid on the host."""

    def flags(place: Path) -> int:
        driver = make(RealKernel(), str(place / "storage"))
        driver.add_layer(BASE, (), files(a="b"))
        driver.prepare("one", (BASE,))
        for step in driver.mounts("one"):
            assert not step.fstype or step.fstype == driver.name
        return inside(driver, "one", place, lambda p: os.statvfs(p).f_flag)

    forbidding = os.ST_NOSUID | os.ST_NODEV | os.ST_NOEXEC

    def mounted_so(place: Path) -> int:
        assert os.statvfs(place).f_flag & forbidding == forbidding
        return flags(place)

    assert on("tmpfs", tmp_path, mounted_so, flags=forbidding) & forbidding == 0


def test_a_full_disk_leaves_no_layer_and_takes_no_room(make: MakeDriver, tmp_path: Path) -> None:
    large = Layer().add("small", b"s").add("large", os.urandom(6 << 20)).add("d/never", b"n")

    def fill(place: Path) -> None:
        driver = make(RealKernel(), str(place / "storage"))
        driver.add_layer(BASE, (), archive(Layer().add("first", os.urandom(1 << 20))))
        before = os.statvfs(place).f_bfree
        with pytest.raises(EngineError) as caught:
            driver.add_layer(TOP, (BASE,), archive(large))
        assert errno.errorcode[errno.ENOSPC] in str(caught.value)
        assert "hint:" in str(caught.value)
        assert driver.names() == (BASE,)
        assert os.statvfs(place).f_bfree == before

    on("tmpfs", tmp_path, fill, options="size=5m")
