"""Compressed streams and tar archives, whole, damaged and made to harm, without touching any file system."""

from __future__ import annotations

import contextlib
import gzip
import io
import tarfile

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from tuicont.core.errors import Invalid, Unsupported
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
    [DATA, gzip.compress(DATA), zstandard.compress(DATA), gzip.compress(DATA[:100]) + gzip.compress(DATA[100:])],
    ids=["plain", "gzip", "zstd", "gzip in two members"],
)
def test_a_stream_is_decompressed_by_what_it_is(packed):
    assert read_all(decompressed(io.BytesIO(packed))) == DATA


@pytest.mark.parametrize("data", [b"", b"x", b"\x1f", b"abcde"])
def test_a_stream_shorter_than_any_magic_is_plain(data):
    assert read_all(decompressed(io.BytesIO(data))) == data


@pytest.mark.parametrize(
    "packed", [gzip.compress(DATA)[:-9], gzip.compress(DATA)[:200] + b"x" * 200], ids=["cut off", "overwritten"]
)
def test_damaged_gzip_is_an_error(packed):
    with pytest.raises(Invalid, match="damaged"):
        read_all(decompressed(io.BytesIO(packed)))


def test_other_compression_is_named():
    with pytest.raises(Unsupported, match="xz"):
        decompressed(io.BytesIO(b"\xfd7zXZ\x00 and so on"))


@pytest.mark.parametrize("compress", [gzip.compress, zstandard.compress])
def test_a_bomb_is_stopped(compress, monkeypatch):
    monkeypatch.setattr(compression, "FREE_BYTES", 1 << 20)
    with pytest.raises(Invalid, match="200 times"):
        read_all(decompressed(io.BytesIO(compress(bytes(64 << 20)))))


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


def test_all_that_passes_is_hashed_even_what_nobody_reads():
    import hashlib

    raw = archive((tarfile.TarInfo("big"), bytes(100_000))) + b"trailing"
    reader = ForwardReader(io.BytesIO(raw), hashed=True)
    list(members(reader))
    reader.drain()
    assert reader.digest() == "sha256:" + hashlib.sha256(raw).hexdigest()


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
    [member] = members(reader := ForwardReader(io.BytesIO(raw)))
    assert (member.info.name, member.info.mode, member.info.uid, member.info.gid) == (name, 0o4751, 7, 2**31)
    assert (member.mtime_ns, member.xattrs) == (mtime, {"user.x": value})
    assert listed(raw) == [(name, data)]
    reader.drain()


@given(st.lists(st.binary(max_size=700), max_size=5), st.integers(0, 2000))
def test_contents_are_cut_or_filled_to_what_the_header_says(chunks, size):
    written = b"".join(padded(chunks, size))
    assert len(written) == -(-size // 512) * 512
    assert written[:size].rstrip(b"\0") == b"".join(chunks)[:size].rstrip(b"\0")
