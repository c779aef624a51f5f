"""What comes out of a container is hostile: it stays below the directory that it is unpacked in."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tuicont.cli.kit.tar_stream import ChunkReader, first_member, tar_of
from tuicont.cli.kit.unpack import Unpacker
from tuicont.core.errors import Invalid


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


def test_what_is_no_archive_is_said_to_be_none(root: Path) -> None:
    with pytest.raises(Invalid, match="no tar archive"):
        unpack(ChunkReader(iter([b"x" * 2000])), root)


def test_looking_at_the_first_member_takes_nothing_from_the_stream(root: Path) -> None:
    stream = archive(("f", FILE, b"y" * 100_000, 0o600))
    assert first_member(stream).name == "f"
    unpack(stream, root)
    assert (root / "f").read_bytes() == b"y" * 100_000


def test_a_path_of_the_host_is_sent_under_another_name_and_as_roots(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d/f").write_text("hello")
    if os.getuid() == 0:
        os.chown(tmp_path / "d/f", 4321, 4321)
    with tar_of(str(tmp_path / "d"), "new", keep_owner=False) as stream, tarfile.open(fileobj=stream, mode="r|") as tar:
        members = {member.name: (member.uid, member.uname) for member in tar}
    assert members == {"new": (0, ""), "new/f": (0, "")}


def test_a_reader_that_gives_up_does_not_hang_the_sender(tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(bytes(1 << 20))
    with tar_of(str(tmp_path / "big"), "big", keep_owner=False) as stream:
        stream.read(10)
