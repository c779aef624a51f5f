"""Compressed streams: told apart by their first bytes (media types lie), and opened with a bound on what they may
become.

Knows nothing of archives or layers.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Protocol

from tuicont.core.errors import EngineError, Invalid

_MAGIC = {b"\x1f\x8b\x08": "gzip", b"\x28\xb5\x2f\xfd": "zstd", b"\xfd7zXZ\x00": "xz", b"BZh": "bzip2"}
# RFC 8878 section 3.1.2: frames that only carry data for others, before or between the real ones.
_ZSTD_SKIPPABLE = b"\x2a\x4d\x18"
_ZSTD_SKIPPABLE_FIRST = [bytes((number,)) for number in range(0x50, 0x60)]
# The largest window a decoder must support is 8 MiB; zstd --ultra --long=27 writes 128 MiB.
_ZSTD_WINDOW = 1 << 27
_READ = 1 << 20
# xz -9 needs 65 MiB to be read; the dictionary of a hostile stream may claim 4 GiB.
_XZ_MEMORY = 256 << 20

FREE_BYTES = 1 << 30
"""A stream may always become this large."""
RATIO = 200
"""Beyond `FREE_BYTES`, it may become this many times as large as it was: program files reach about 10."""


class Source(Protocol):
    """What can be read from."""

    def read(self, size: int = -1, /) -> bytes: ...


def kind(head: bytes) -> str:
    """`gzip`, `zstd`, `xz`, `bzip2`, or "" for what is not compressed, by the first six bytes."""
    if head[1:4] == _ZSTD_SKIPPABLE and head[:1] in _ZSTD_SKIPPABLE_FIRST:
        return "zstd"
    return next((name for magic, name in _MAGIC.items() if head.startswith(magic)), "")


def decompressed(file: Source, ratio: int = RATIO) -> Source:
    """The stream's contents, decompressed if need be. Reading raises `Invalid` for damaged data and for a bomb: what
    becomes more than `ratio` times as large (0: whatever it becomes)."""
    counted = Counted(file)
    decoder: Source
    match kind(counted.peek(6)):
        case "gzip":
            from isal import igzip

            decoder = igzip.IGzipFile(fileobj=counted, mode="rb")  # type: ignore[no-untyped-call]
        case "zstd":
            import zstandard

            reader = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
            decoder = reader.stream_reader(counted, read_size=_READ, read_across_frames=True)  # type: ignore[arg-type]
        case "xz":
            import lzma

            decoder = _Streams(counted, partial(lzma.LZMADecompressor, lzma.FORMAT_XZ, _XZ_MEMORY))
        case "bzip2":
            import bz2

            decoder = _Streams(counted, bz2.BZ2Decompressor)
        case _:
            return counted
    return _Bounded(decoder, counted, ratio)


def is_plain(source: Source) -> bool:
    """Whether what `decompressed` answered is the stream itself."""
    return isinstance(source, Counted)


class Counted:
    """A file that counts what was read of it, and can show its beginning without losing it."""

    def __init__(self, file: Source) -> None:
        self._file = file
        self._head = b""
        self.count = 0

    def peek(self, size: int) -> bytes:
        while len(self._head) < size and (more := self._file.read(size - len(self._head))):
            self._head += more
        return self._head[:size]

    def readable(self) -> bool:
        """What isal asks."""
        return True

    def read(self, size: int = -1, /) -> bytes:
        if self._head:
            taken = self._head if size < 0 else self._head[:size]
            self._head = self._head[len(taken) :]
        else:
            taken = self._file.read(size)
        self.count += len(taken)
        return taken

    def readinto(self, buffer: memoryview) -> int:
        """What isal calls."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


class _Decoder(Protocol):
    """One stream's decoder, as lzma and bz2 have them."""

    @property
    def eof(self) -> bool: ...

    @property
    def needs_input(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, size: int = -1, /) -> bytes: ...


class _Streams:
    """Compressed streams one behind the other, which are one."""

    def __init__(self, source: Source, decoder: Callable[[], _Decoder]) -> None:
        self._source = source
        self._new = decoder
        self._decoder = decoder()

    def read(self, size: int = -1, /) -> bytes:
        rest = b""
        while True:
            if self._decoder.eof:
                # xz(1) fills up to a multiple of four bytes between streams.
                rest = self._decoder.unused_data.lstrip(b"\0") or self._source.read(_READ).lstrip(b"\0")
                if not rest:
                    return b""
                self._decoder = self._new()
            elif self._decoder.needs_input and not rest:
                rest = self._source.read(_READ)
                if not rest:
                    raise EOFError("cut off")
            data, rest = self._decoder.decompress(rest, size), b""
            if data:
                return data


class _Bounded:
    """A decoder that may not give out more than its input warrants."""

    def __init__(self, decoder: Source, source: Counted, ratio: int) -> None:
        self._decoder = decoder
        self._source = source
        self._ratio = ratio
        self._count = 0

    def read(self, size: int = -1, /) -> bytes:
        try:
            data = self._decoder.read(size)
        except (EngineError, MemoryError):
            raise
        except Exception as error:
            # isal's and zstandard's own error classes derive from Exception alone.
            raise _damaged(error) from error
        self._count += len(data)
        if self._ratio and self._count > FREE_BYTES and self._count > self._ratio * self._source.count:
            raise Invalid(
                "read the archive",
                f"it becomes more than {self._ratio} times as large when decompressed",
                values={"compressed": self._source.count, "decompressed": self._count},
                hint="if you trust where it is from: load --ratio 0, or a larger one",
            )
        return data


def _damaged(error: Exception) -> Invalid:
    return Invalid("read the archive", f"its compressed data is damaged ({str(error).lower() or 'cut off'})")
