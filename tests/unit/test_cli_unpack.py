"""What comes out of a container is hostile: it stays below the directory that it is unpacked in."""

from __future__ import annotations

import contextlib
import io
import os
import socket
import tarfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tuicont.cli.kit.tar_stream import ChunkReader, first_member
from tuicont.cli.kit.unpack import Unpacker
from tuicont.core.errors import Invalid
from tuicont.core.image.layers.tarwriter import END, entry


def archive(*members: tuple[str, bytes, str | bytes, int]) -> ChunkReader:
    """A stream of (name, type, link target or content, mode), in chunks of 700 bytes."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, kind, content, mode in members:
            member = tarfile.TarInfo(name)
            member.type, member.mode = kind, mode
            data = content if isinstance(content, bytes) else b""
            member.linkname = content if isinstance(content, str) else ""
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    data = buffer.getvalue()
    return ChunkReader(iter([data[i : i + 700] for i in range(0, len(data), 700)]))


def unpack(stream: ChunkReader, root: Path) -> Unpacker:
    fd = os.open(root, os.O_RDONLY)
    try:
        unpacker = Unpacker(fd, lambda parts: parts)
        unpacker.unpack(stream)
    finally:
        os.close(fd)
    return unpacker


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "outside").mkdir()
    (tmp_path / "root").mkdir()
    yield tmp_path / "root"
    assert list((tmp_path / "outside").iterdir()) == []


FILE, DIR, LINK, HARD, FIFO = tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE


def test_files_directories_and_links_arrive(root: Path) -> None:
    unpack(
        archive(
            ("d", DIR, b"", 0o500),
            ("d/f", FILE, b"x" * 5000, 0o640),
            ("d/hard", HARD, "d/f", 0),
            ("d/soft", LINK, "/etc/passwd", 0o777),
        ),
        root,
    )
    assert (root / "d/f").read_bytes() == b"x" * 5000
    assert (root / "d/f").stat().st_mode & 0o7777 == 0o640
    assert (root / "d/hard").samefile(root / "d/f")
    assert os.readlink(root / "d/soft") == "/etc/passwd"
    assert (root / "d").stat().st_mode & 0o7777 == 0o500


def test_a_name_that_leads_out_is_refused(root: Path) -> None:
    with pytest.raises(Invalid, match="leads out"):
        unpack(archive(("../outside/f", FILE, b"x", 0o600)), root)


def test_an_absolute_name_is_taken_below_the_destination(root: Path) -> None:
    unpack(archive(("/outside/f", FILE, b"x", 0o600)), root)
    assert (root / "outside/f").read_bytes() == b"x"


def test_a_file_through_a_link_of_the_same_stream_is_refused(root: Path) -> None:
    with pytest.raises(OSError):
        unpack(archive(("l", LINK, "../outside", 0o777), ("l/f", FILE, b"x", 0o600)), root)


def test_a_link_that_was_there_before_is_not_followed(root: Path) -> None:
    (root / "l").symlink_to("../outside")
    (root / "f").symlink_to("../outside/f")
    unpack(archive(("f", FILE, b"x", 0o600)), root)
    assert not (root / "f").is_symlink()
    with pytest.raises(OSError):
        unpack(archive(("l/f", FILE, b"x", 0o600)), root)


def test_a_hard_link_cannot_name_what_is_outside(root: Path) -> None:
    (root / "l").symlink_to("../outside")
    with pytest.raises(OSError):
        unpack(archive(("h", HARD, "l/f", 0)), root)
    with pytest.raises(Invalid, match="leads out"):
        unpack(archive(("h", HARD, "../outside/f", 0)), root)


def test_set_id_bits_and_special_files_stay_behind(root: Path) -> None:
    unpacker = unpack(archive(("su", FILE, b"x", 0o6755), ("pipe", FIFO, b"", 0o600)), root)
    assert (root / "su").stat().st_mode & 0o7777 == 0o755
    assert not (root / "pipe").exists() and unpacker.skipped == ["pipe"]


def test_a_file_does_not_take_the_place_of_a_directory(root: Path) -> None:
    (root / "d").mkdir()
    with pytest.raises(Invalid, match="is a directory here"):
        unpack(archive(("d", FILE, b"x", 0o600)), root)


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: socket.socket(socket.AF_UNIX).bind(os.fspath(path))])
def test_a_file_does_not_take_the_place_of_what_somebody_waits_at(root: Path, make: Callable[[Path], None]) -> None:
    make(root / "f")
    before = (root / "f").lstat()
    with pytest.raises(Invalid, match=r"'f' is a .* here, and nothing takes its place"):
        unpack(archive(("f", FILE, b"x", 0o600)), root)
    assert os.path.samestat((root / "f").lstat(), before)


def test_times_arrive_to_the_nanosecond_before_the_epoch_too(root: Path) -> None:
    times = {"early": -1_500_000_001, "now": 1_700_000_000_123_456_789, "far": 4_102_444_800_999_999_999}
    members = [entry(name, FILE, mode=0o700, mtime_ns=ns) for name, ns in times.items()]
    members.append(entry("d/", DIR, mode=0o700, mtime_ns=times["now"]))
    members.append(entry("l", LINK, mode=0o777, mtime_ns=times["now"], link="x"))
    unpack(ChunkReader(iter([*members, END])), root)
    assert {name: (root / name).stat().st_mtime_ns for name in times} == times
    assert (root / "d").stat().st_mtime_ns == (root / "l").lstat().st_mtime_ns == times["now"]


def test_no_file_outside_is_changed_while_names_are_swapped(root: Path, tmp_path: Path) -> None:
    """A container that has the destination as a volume puts links where files have just been made."""
    victim = tmp_path / "victim"
    victim.write_text("victim")
    os.chmod(victim, 0o600)
    before = victim.stat()
    over = threading.Event()
    swapped = 0

    def swap() -> None:
        nonlocal swapped
        while not over.is_set():
            for name in os.listdir(root):
                with contextlib.suppress(OSError):
                    (root / "link").symlink_to(victim)
                    (root / "link").rename(root / name)
                    swapped += 1

    swapper = threading.Thread(target=swap)
    swapper.start()
    end = time.monotonic() + 30
    try:
        while swapped < 300 and time.monotonic() < end:
            with contextlib.suppress(OSError, Invalid):
                unpack(archive(*((f"f{i}", FILE, b"x", 0o777) for i in range(20))), root)
    finally:
        over.set()
        swapper.join()
    assert swapped >= 300
    after = victim.stat()
    assert (after.st_mode, after.st_mtime_ns, victim.read_text()) == (before.st_mode, before.st_mtime_ns, "victim")


def test_what_is_no_archive_is_said_to_be_none(root: Path) -> None:
    with pytest.raises(Invalid, match="no tar archive"):
        unpack(ChunkReader(iter([b"x" * 2000])), root)


def test_looking_at_the_first_member_takes_nothing_from_the_stream(root: Path) -> None:
    stream = archive(("f", FILE, b"y" * 100_000, 0o600))
    assert first_member(stream).name == "f"
    unpack(stream, root)
    assert (root / "f").read_bytes() == b"y" * 100_000
