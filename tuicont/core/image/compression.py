"""Compressed streams: told apart by their first bytes (media types lie), and opened with a bound on what they may
become.

Knows nothing of archives or layers.
"""

from __future__ import annotations

from typing import BinaryIO, Protocol

from tuicont.core.errors import EngineError, Invalid, Unsupported

_GZIP = b"\x1f\x8b\x08"
_ZSTD = b"\x28\xb5\x2f\xfd"
# RFC 8878 section 5: frames that only carry data for others, before or between the real ones.
_ZSTD_SKIPPABLE = bytes(range(0x50, 0x60))
_OTHERS = {b"BZh": "bzip2", b"\xfd7zXZ": "xz"}
# The largest window a decoder must support is 8 MiB; zstd --ultra --long=27 writes 128 MiB.
_ZSTD_WINDOW = 1 << 27
_READ = 1 << 20

FREE_BYTES = 1 << 30
"""A stream may always become this large."""
RATIO = 200
"""Beyond `FREE_BYTES`, it may become this many times as large as it was: program files reach about 10."""


class Source(Protocol):
    """What can be read from."""

    def read(self, size: int = -1, /) -> bytes: ...


def kind(head: bytes) -> str:
    """`gzip`, `zstd`, or "" for what is not compressed, by the first six bytes. Raises `Unsupported`."""
    if head.startswith(_GZIP):
        return "gzip"
    if head.startswith(_ZSTD) or (head[1:4] == b"\x2a\x4d\x18" and head[:1] in [bytes((b,)) for b in _ZSTD_SKIPPABLE]):
        return "zstd"
    for magic, name in _OTHERS.items():
        if head.startswith(magic):
            raise Unsupported("read the archive", f"it is compressed with {name}", hint="gzip, zstd and plain tar work")
    return ""


def decompressed(file: BinaryIO) -> Source:
    """The stream's contents, decompressed if need be. Reading raises `Invalid` for damaged data and for a bomb."""
    counted = Counted(file)
    head = counted.peek(6)
    match kind(head):
        case "gzip":
            from isal import igzip

            return _Bounded(igzip.IGzipFile(fileobj=counted, mode="rb"), counted)  # type: ignore[no-untyped-call]
        case "zstd":
            import zstandard

            decoder = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
            stream = decoder.stream_reader(counted, read_size=_READ, read_across_frames=True)  # type: ignore[arg-type]
            return _Bounded(stream, counted)
    return counted


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


class _Bounded:
    """A decoder that may not give out more than its input warrants."""

    def __init__(self, decoder: Source, source: Counted) -> None:
        self._decoder = decoder
        self._source = source
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
        if self._count > FREE_BYTES and self._count > RATIO * self._source.count:
            raise Invalid(
                "read the archive",
                f"it becomes more than {RATIO} times as large when decompressed",
                values={"compressed": self._source.count, "decompressed": self._count},
            )
        return data


def _damaged(error: Exception) -> Invalid:
    return Invalid("read the archive", f"its compressed data is damaged ({str(error).lower() or 'cut off'})")
