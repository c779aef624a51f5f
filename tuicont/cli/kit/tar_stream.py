"""Tar streams that come in chunks, read as files. Knows nothing of containers and unpacks nothing."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator

from tuicont.core.errors import Invalid, NotFound

_FIRST_HEADERS = 16 << 10
"""Bytes that hold the first member's header, an extended header (long names, attributes) before it included."""


class ChunkReader(io.RawIOBase):
    """A readable file over chunks of bytes, whose beginning can be looked at first."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        super().__init__()
        self._chunks = chunks
        self._held = memoryview(b"")

    def readable(self) -> bool:
        return True

    def peek(self, size: int) -> bytes:
        """Up to `size` bytes from here, fewer only at the end; they stay to be read."""
        held = bytearray()
        while len(held) + len(self._held) < size:
            held += self._held
            self._held = memoryview(next(self._chunks, b""))
            if not self._held:
                break
        if held:
            self._held = memoryview(bytes(held) + self._held)
        return bytes(self._held[:size])

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if not self._held:
            self._held = memoryview(next(self._chunks, b""))
        count = min(len(self._held), len(buffer))
        buffer[:count] = self._held[:count]
        self._held = self._held[count:]
        return count


def first_member(stream: ChunkReader) -> tarfile.TarInfo:
    """The header that a tar stream begins with; it stays to be read."""
    try:
        with tarfile.open(fileobj=io.BytesIO(stream.peek(_FIRST_HEADERS)), mode="r:") as archive:
            first = archive.next()
    except tarfile.TarError as error:
        raise Invalid("read what the container sent", f"it is no tar archive: {error}") from error
    if first is None:
        raise NotFound("read what the container sent", "there is nothing in it")
    return first
