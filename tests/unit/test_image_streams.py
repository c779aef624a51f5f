"""Compressed streams and tar archives, whole, damaged and made to harm, without touching any file system."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import io
import lzma
import tarfile
import zlib

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from tuicont.core.errors import Invalid
from tuicont.core.image import compression
from tuicont.core.image.compression import decompressed
from tuicont.core.image.layers.tarstream import LARGEST_HEADER, ForwardReader, Member, members
from tuicont.core.image.layers.tarwriter import END, entry, padded

DATA = bytes(range(256)) * 4000


def read_all(source: compression.Source) -> bytes:
    return b"".join(iter(lambda: source.read(1 << 16), b""))


def archive(*entries: tuple[tarfile.TarInfo, bytes], form: int = tarfile.PAX_FORMAT) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=form) as tar:
        for info, data in entries:
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return file.getvalue()


def listed(raw: bytes) -> list[tuple[str, bytes]]:
    reader = ForwardReader(io.BytesIO(raw))
    return [(m.info.name, contents(m) if m.info.isreg() else b"") for m in members(reader)]


def contents(member: Member) -> bytes:
    if member.info.sparse is None:
        return b"".join(member.data())
    whole = bytearray(min(member.info.size, 1 << 22))
    for offset, chunk in member.extents():
        whole[offset : offset + len(chunk)] = chunk
    return bytes(whole)


@pytest.mark.parametrize(
    "packed",
    [
        DATA,
        gzip.compress(DATA),
        zstandard.compress(DATA),
        lzma.compress(DATA),
        bz2.compress(DATA),
        gzip.compress(DATA[:100]) + gzip.compress(DATA[100:]),
        lzma.compress(DATA[:100]) + bytes(8) + lzma.compress(DATA[100:]) + bytes(4),
        bz2.compress(DATA[:100]) + bz2.compress(DATA[100:]),
    ],
    ids=["plain", "gzip", "zstd", "xz", "bzip2", "gzip in two members", "padded xz streams", "bzip2 streams"],
)
def test_a_stream_is_decompressed_by_what_it_is(packed):
    assert read_all(decompressed(io.BytesIO(packed))) == DATA


@pytest.mark.parametrize("data", [b"", b"x", b"\x1f", b"abcde"])
def test_a_stream_shorter_than_any_magic_is_plain(data):
    assert read_all(decompressed(io.BytesIO(data))) == data


@pytest.mark.parametrize(
    "packed",
    [
        gzip.compress(DATA)[:-9],
        gzip.compress(DATA)[:200] + b"x" * 200,
        lzma.compress(DATA)[:-9],
        lzma.compress(DATA)[:-40] + b"x" * 40,
        bz2.compress(DATA)[:-9],
        bz2.compress(DATA) + b"trailing",
    ],
    ids=["gzip cut off", "gzip overwritten", "xz cut off", "xz overwritten", "bzip2 cut off", "bzip2 with more"],
)
def test_damaged_data_is_an_error(packed):
    with pytest.raises(Invalid, match="damaged"):
        read_all(decompressed(io.BytesIO(packed)))


def test_a_stream_that_needs_gigabytes_to_be_read_is_refused():
    packed = bytearray(lzma.compress(b"x"))
    block = slice(12, 12 + (packed[12] + 1) * 4 - 4)
    packed[16] = 40  # the dictionary's size in the block's header: 4 GiB
    packed[block.stop : block.stop + 4] = zlib.crc32(packed[block]).to_bytes(4, "little")
    with pytest.raises(Invalid, match="memory"):
        read_all(decompressed(io.BytesIO(packed)))


@pytest.mark.parametrize("compress", [gzip.compress, zstandard.compress, lzma.compress, bz2.compress])
def test_a_bomb_is_stopped(compress, monkeypatch):
    monkeypatch.setattr(compression, "FREE_BYTES", 1 << 20)
    with pytest.raises(Invalid, match="200 times"):
        read_all(decompressed(io.BytesIO(compress(bytes(64 << 20)))))


def test_a_bomb_that_is_wanted_goes_off(monkeypatch):
    monkeypatch.setattr(compression, "FREE_BYTES", 1 << 10)
    assert read_all(decompressed(io.BytesIO(gzip.compress(bytes(1 << 20))), 0)) == bytes(1 << 20)


def test_what_grows_a_little_is_no_bomb(monkeypatch):
    monkeypatch.setattr(compression, "FREE_BYTES", 1 << 10)
    text = b"".join(b"line %d\n" % number for number in range(50_000))
    assert read_all(decompressed(io.BytesIO(gzip.compress(text)))) == text


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT])
def test_members_come_in_order_with_their_data(form):
    entries = [(tarfile.TarInfo(f"file-{n}"), bytes([n]) * (n * 300)) for n in range(6)]
    assert listed(archive(*entries, form=form)) == [(info.name, data) for info, data in entries]


def test_long_and_strange_names_are_kept():
    names = ["a" * 90 + "/" + "b" * 200, "näme", "with space", "-x"]
    assert [name for name, _ in listed(archive(*[(tarfile.TarInfo(n), b"") for n in names]))] == names


def test_data_that_nobody_reads_is_passed_over():
    raw = archive((tarfile.TarInfo("big"), bytes(100_000)), (tarfile.TarInfo("next"), b"n"))
    reader = ForwardReader(io.BytesIO(raw))
    assert [m.info.name for m in members(reader)] == ["big", "next"]


@pytest.mark.parametrize("keep", [100, 512, 700, 1500, 5000])
def test_a_cut_archive_is_an_error(keep):
    raw = archive((tarfile.TarInfo("file"), bytes(8000)))
    with pytest.raises(Invalid, match="not a whole tar archive"):
        listed(raw[:keep])


def test_a_header_damaged_in_the_middle_is_an_error_and_no_end():
    raw = bytearray(archive((tarfile.TarInfo("one"), b"1"), (tarfile.TarInfo("two"), b"2")))
    raw[1024 + 10] ^= 0xFF
    with pytest.raises(Invalid):
        listed(bytes(raw))


def test_what_is_no_archive_is_an_error():
    with pytest.raises(Invalid):
        listed(b"this is no archive " * 100)


def test_an_extended_header_of_gigabytes_is_refused_unread():
    info = tarfile.TarInfo("././@LongLink")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, 8 << 30
    raw = info.tobuf(tarfile.GNU_FORMAT) + bytes(1 << 20)
    with pytest.raises(Invalid, match="header"):
        listed(raw)
    assert LARGEST_HEADER < 1 << 24


def test_a_sparse_file_of_gnu_tar_is_unfolded():
    import subprocess
    import tempfile

    with tempfile.TemporaryDirectory() as place:
        with open(f"{place}/sparse", "wb") as file:
            file.truncate(1 << 20)
            file.seek(1 << 19)
            file.write(b"middle")
        done = subprocess.run(["tar", "-C", place, "-S", "-c", "sparse"], capture_output=True, check=True)
    [(name, data)] = listed(done.stdout)
    assert (name, len(data), data[1 << 19 : (1 << 19) + 6], data.count(0)) == (
        "sparse",
        1 << 20,
        b"middle",
        (1 << 20) - 6,
    )


def test_no_bytes_are_an_archive_of_nothing():
    assert listed(b"") == []


def header(name: bytes, magic: bytes, prefix: bytes, end: bytes = b"") -> bytes:
    """A header block with what `tarfile` does not write."""
    block = bytearray(tarfile.TarInfo("x").tobuf(tarfile.USTAR_FORMAT))
    block[0:100], block[257:265], block[148:156] = name.ljust(100, b"\0"), magic, b" " * 8
    block[345 : 345 + len(prefix)] = prefix
    block[512 - len(end) :] = end
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


POSIX, GNU, OLD = b"ustar\x0000", b"ustar  \0", bytes(8)


@pytest.mark.parametrize(
    ("magic", "prefix", "end", "name"),
    [
        (POSIX, b"long/way", b"", "long/way/victim"),
        (GNU, b"00000000001\0", b"", "victim"),
        (GNU, b"\x80" + bytes(10) + b"\x01", b"", "victim"),
        (GNU, b"", b"", "victim"),
        # What an archiver of Go wrote before its version 1.8.
        (GNU, b"long/way", b"", "long/way/victim"),
        (OLD, b"anything", b"", "victim"),
        (POSIX, b"long/way".ljust(131, b"\0") + b"00000000001 00000000002", b"tar\0", "long/way/victim"),
        (POSIX, b"p" * 131 + b"00000000001 00000000002", b"tar\0", "p" * 131 + "/victim"),
    ],
    ids=["posix", "gnu", "gnu, base 256", "gnu, no time", "go", "version 7", "star", "star, full"],
)
def test_a_name_has_a_prefix_only_in_the_formats_that_have_one(magic, prefix, end, name):
    assert listed(header(b"victim", magic, prefix, end) + bytes(1024)) == [(name, b"")]


@given(st.binary(max_size=4000))
def test_any_bytes_are_an_archive_or_refused(raw):
    with contextlib.suppress(Invalid):
        listed(raw)


@given(
    name=st.from_regex(r"[a-z0-9äß]{1,120}(/[a-z]{1,30}){0,5}", fullmatch=True),
    data=st.binary(max_size=2000),
    mtime=st.integers(0, 2**40),
    value=st.binary(max_size=50),
)
def test_what_the_writer_writes_the_reader_reads(name, data, mtime, value):
    header = entry(
        name, tarfile.REGTYPE, mode=0o4751, uid=7, gid=2**31, mtime_ns=mtime, size=len(data), xattrs={"user.x": value}
    )
    raw = header + b"".join(padded([data], len(data))) + END
    [member] = members(ForwardReader(io.BytesIO(raw)))
    assert (member.info.name, member.info.mode, member.info.uid, member.info.gid) == (name, 0o4751, 7, 2**31)
    assert (member.mtime_ns, member.xattrs) == (mtime, {"user.x": value})
    assert listed(raw) == [(name, data)]


@given(st.lists(st.binary(max_size=700), max_size=5), st.integers(0, 2000))
def test_contents_are_cut_or_filled_to_what_the_header_says(chunks, size):
    written = b"".join(padded(chunks, size))
    assert len(written) == -(-size // 512) * 512
    assert written[:size].rstrip(b"\0") == b"".join(chunks)[:size].rstrip(b"\0")
