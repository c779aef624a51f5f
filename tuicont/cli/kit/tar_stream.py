"""Tar streams on their way: one that comes in chunks, read as a file; one of a host's path, made while it is read.

Knows nothing of containers and unpacks nothing.
"""

from __future__ import annotations

import io
import os
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

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


@contextmanager
def tar_of(path: str, name: str, *, keep_owner: bool) -> Iterator[BinaryIO]:
    """The tar stream of a path of the host under the name `name` (`.`: its contents), made by a thread while
    it is read. Without `keep_owner` everything belongs to root. Raises what reading the host raised."""
    read_fd, write_fd = os.pipe2(os.O_CLOEXEC)
    errors: list[OSError] = []

    def owned(member: tarfile.TarInfo) -> tarfile.TarInfo:
        if not keep_owner:
            member.uid = member.gid = 0
        member.uname = member.gname = ""
        return member

    def write() -> None:
        try:
            with (
                open(write_fd, "wb") as pipe,
                tarfile.open(fileobj=pipe, mode="w|", format=tarfile.PAX_FORMAT) as archive,
            ):
                archive.add(path, arcname=name, filter=owned)
        except BrokenPipeError:
            # Whoever reads has had enough, and says why himself.
            return
        except OSError as error:
            errors.append(error)

    writer = threading.Thread(target=write, name="tar", daemon=True)
    writer.start()
    try:
        with open(read_fd, "rb") as stream:
            yield stream
    finally:
        writer.join()
        if errors:
            raise errors[0]
