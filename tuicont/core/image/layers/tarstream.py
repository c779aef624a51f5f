"""Tar archives read front to back: members with their data, from any stream.

Uses the standard library's `tarfile` to parse headers (ustar, pax, GNU) and for nothing else: it opens, creates and
extracts nothing. A header may not be larger than a bound; a stream that ends early or is no tar is an error.
"""

from __future__ import annotations

import re
import tarfile
from collections.abc import Iterator
from typing import cast

from tuicont.core.errors import Invalid
from tuicont.core.image.compression import Source
from tuicont.core.model.file import tar_time_ns

_CHUNK = 1 << 20
_XATTR = "SCHILY.xattr."
_PREFIX = slice(345, 500)
_STAR_PREFIX = slice(345, 476)
_GNU_MAGIC = b"ustar  \0"
# In octal, or (the first bit set) in base 256.
_NUMBER = re.compile(rb"[ \0]*[0-7]*[ \0]*|[\x80-\xff].*", re.DOTALL)
# `tarfile` calls itself for each extended header: a long run of them ends in RecursionError.
_UNREADABLE = (tarfile.TarError, ValueError, OverflowError, RecursionError)
LARGEST_HEADER = 4 << 20
"""Bytes of one member's headers: a kernel's path is 4 KiB and one attribute 64 KiB at most."""


class ForwardReader:
    """A stream that can be told its position and moved forward, as `tarfile` asks."""

    def __init__(self, source: Source) -> None:
        self._source = source
        # A source that can be moved forward need not be read.
        self._skip = getattr(source, "skip", None)
        self._position = 0
        self._header = 0

    def read(self, size: int) -> bytes:
        """Exactly `size` bytes unless the stream ends. Raises `Invalid` for what no header may be."""
        self._header += max(size, 0)
        # A size that claims to be negative would read all that there is into memory.
        if size < 0 or self._header > LARGEST_HEADER:
            raise damaged(f"a header of {size if size < 0 else self._header} bytes")
        data = self.read_some(size)
        if len(data) < size:
            parts = [data]
            missing = size - len(data)
            while missing and (data := self.read_some(missing)):
                parts.append(data)
                missing -= len(data)
            data = b"".join(parts)
        return data

    def begin_header(self) -> None:
        """What is read (by `read`, not by `read_some`) from here on is one member's header."""
        self._header = 0

    def read_some(self, size: int) -> bytes:
        """At most `size` bytes, at least one unless the stream ends."""
        data = self._source.read(size)
        self._position += len(data)
        return data

    def tell(self) -> int:
        return self._position

    def seek(self, position: int, whence: int = 0) -> int:
        """Forward only."""
        if whence or position < self._position:
            raise damaged("its members overlap")
        if self._skip and position > self._position:
            self._position += self._skip(position - self._position)
        while self._position < position and self.read_some(min(_CHUNK, position - self._position)):
            pass
        return self._position

    def seekable(self) -> bool:
        return True


class _Header(tarfile.TarInfo):
    """A header whose name has what the format's prefix says, and nothing else: `tarfile` takes one wherever it would
    be in a POSIX header, which in others is where times are."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> _Header:
        """See `tarfile.TarInfo.frombuf`; the types of headers of headers have no prefix there."""
        info = super().frombuf(buf, encoding, errors)
        if buf[_PREFIX.start] and info.type not in tarfile.GNU_TYPES:
            wrong = tarfile.nts(buf[_PREFIX], encoding, errors)  # type: ignore[attr-defined]
            right = tarfile.nts(_prefix(buf), encoding, errors)  # type: ignore[attr-defined]
            name = info.name[len(wrong) + 1 :]
            info.name = f"{right}/{name}" if right else name
        return info


def _prefix(buf: bytes | bytearray) -> bytes | bytearray:
    """The part of a header block that goes before the name (tar(5))."""
    magic = buf[257:265]
    if magic.startswith(b"ustar\0"):
        # The star archiver keeps times at the end of it.
        return buf[_STAR_PREFIX] if buf[508:512] == b"tar\0" else buf[_PREFIX]
    # An old archiver of Go wrote prefixes into GNU's headers, over what would be a time.
    if magic == _GNU_MAGIC and not _NUMBER.fullmatch(buf[345:357]):
        return buf[_PREFIX]
    return b""


class Member:
    """One entry of an archive. `data` is only good until the next member is asked for."""

    __slots__ = ("_reader", "info")

    def __init__(self, info: tarfile.TarInfo, reader: ForwardReader) -> None:
        self.info = info
        self._reader = reader

    @property
    def xattrs(self) -> dict[str, bytes]:
        """Extended attributes by name."""
        headers = self.info.pax_headers
        return {
            name[len(_XATTR) :]: value.encode("utf-8", "surrogateescape")
            for name, value in headers.items()
            if name.startswith(_XATTR)
        }

    @property
    def mtime_ns(self) -> int:
        """Modification time."""
        return tar_time_ns(self.info.pax_headers.get("mtime", ""), self.info.mtime)

    def data(self) -> Iterator[bytes]:
        """A regular file's contents. Raises `Invalid` when the archive ends before they do."""
        yield from self._read(self.info.size)

    def extents(self) -> Iterator[tuple[int, bytes]]:
        """What a sparse file has between its holes: (offset, bytes). Holes cost nothing, however wide."""
        # tarfile keeps pairs there, which its type stubs do not know.
        for offset, size in cast("list[tuple[int, int]]", self.info.sparse or []):
            if offset < 0 or size < 0:
                raise damaged(f"a hole of {self.info.name!r} is out of place")
            for chunk in self._read(size):
                yield offset, chunk
                offset += len(chunk)

    def _read(self, left: int) -> Iterator[bytes]:
        while left:
            chunk = self._reader.read_some(min(_CHUNK, left))
            if not chunk:
                raise damaged(f"it ends within {self.info.name!r}")
            left -= len(chunk)
            yield chunk


def members(reader: ForwardReader) -> Iterator[Member]:
    """The archive's entries in order. Raises `Invalid`."""
    try:
        archive = tarfile.TarFile(fileobj=reader, mode="r", tarinfo=_Header, encoding="utf-8", errors="surrogateescape")  # type: ignore[arg-type]
    except _UNREADABLE as error:
        if not reader.tell():
            return  # no bytes at all are an archive of nothing, for everybody but `tarfile`
        raise damaged(str(error)) from error
    info = archive.firstmember  # type: ignore[attr-defined]
    while info is not None:
        archive.members.clear()  # type: ignore[attr-defined]
        if info.size < 0:
            raise damaged(f"{info.name!r} has less than no bytes")
        yield Member(info, reader)
        reader.seek(archive.offset)
        reader.begin_header()
        info = _next(archive, reader)


def _next(archive: tarfile.TarFile, reader: ForwardReader) -> tarfile.TarInfo | None:
    try:
        if reader.tell() < archive.offset:
            raise damaged("it ends within a member")
        return archive.tarinfo.fromtarfile(archive)
    except (tarfile.EOFHeaderError, tarfile.EmptyHeaderError):  # type: ignore[attr-defined]
        return None
    except _UNREADABLE as error:
        raise damaged(str(error)) from error


def damaged(reason: str) -> Invalid:
    """The error for an archive that is none."""
    return Invalid("read the archive", f"not a whole tar archive: {reason[:1].lower()}{reason[1:]}")
