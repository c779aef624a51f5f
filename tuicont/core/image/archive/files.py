"""The files of an archive by name, whether it is a tar file or a directory.

Knows nothing of images. Names are resolved inside the archive only: links in a directory cannot lead out of it, and
those in a tar file only to its other members.
"""

from __future__ import annotations

import errno
import io
import os
import posixpath
import stat
from typing import BinaryIO, Protocol

from tuicont.core.errors import Invalid
from tuicont.core.files.regular import Refused, open_regular_in_root
from tuicont.core.image.layers.tarstream import ForwardReader, members
from tuicont.core.image.manifest import LARGEST_DOCUMENT
from tuicont.core.sys.openat2 import open_in_root

_MOST_MEMBERS = 100_000
_MOST_LINKS = 8
_ABSENT = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)


class ArchiveFiles(Protocol):
    """Regular files by path, "blobs/sha256/…"."""

    def size(self, name: str) -> int | None:
        """Bytes, or None when there is no such file."""

    def open(self, name: str) -> BinaryIO:
        """The file, to be read and closed. Raises `Invalid` when there is none."""

    def read(self, name: str) -> bytes | None:
        """A document whole, or None when there is none. Raises `Invalid` when it is larger than any may be."""

    def close(self) -> None:
        """Let go of the archive."""


class TarFiles:
    """A plain tar file that can be rewound; it is the caller's to close."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._places: dict[str, tuple[int, int]] = {}
        self._links: dict[str, str] = {}
        file.seek(0)
        reader = ForwardReader(_Skipping(file))
        for count, member in enumerate(members(reader)):
            if count > _MOST_MEMBERS:
                raise Invalid("load the archive", f"it has more than {_MOST_MEMBERS} members")
            info, name = member.info, posixpath.normpath("/" + member.info.name)[1:]
            if info.isreg() and info.sparse is None:
                self._places[name] = (info.offset_data, info.size)
            elif info.issym():
                # Old archives of Docker hold equal layers once.
                self._links[name] = posixpath.normpath(f"/{posixpath.dirname(name)}/{info.linkname}")[1:]
            elif info.islnk():
                self._links[name] = posixpath.normpath("/" + info.linkname)[1:]

    def size(self, name: str) -> int | None:
        place = self._place(name)
        return place[1] if place else None

    def open(self, name: str) -> BinaryIO:
        place = self._place(name)
        if place is None:
            raise _missing(name)
        return io.BufferedReader(_Part(self._file.fileno(), *place), 1 << 16)

    def read(self, name: str) -> bytes | None:
        return _read(self, name)

    def close(self) -> None:
        """Nothing is open but the caller's file."""

    def _place(self, name: str) -> tuple[int, int] | None:
        name = posixpath.normpath("/" + name)[1:]
        for _ in range(_MOST_LINKS):
            if name not in self._links:
                return self._places.get(name)
            name = self._links[name]
        return None


class DirectoryFiles:
    """A directory."""

    def __init__(self, path: str) -> None:
        self._fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def size(self, name: str) -> int | None:
        try:
            fd = open_in_root(self._fd, name, os.O_PATH)
        except OSError as error:
            if error.errno in _ABSENT:
                return None
            raise
        try:
            info = os.fstat(fd)
            return info.st_size if stat.S_ISREG(info.st_mode) else None
        finally:
            os.close(fd)

    def open(self, name: str) -> BinaryIO:
        try:
            return os.fdopen(open_regular_in_root(self._fd, name), "rb")
        except OSError as error:
            if isinstance(error, Refused) or error.errno in _ABSENT:
                raise _missing(name) from None
            raise

    def read(self, name: str) -> bytes | None:
        return _read(self, name)

    def close(self) -> None:
        os.close(self._fd)


class _Part(io.RawIOBase):
    """A part of a file, read with pread(2): several can be read at a time."""

    def __init__(self, fd: int, start: int, size: int) -> None:
        self._fd = fd
        self._position = start
        self._start = start
        self._end = start + size

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position - self._start

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        data = os.pread(self._fd, min(len(buffer), self._end - self._position), self._position)
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)


class _Skipping:
    """A file that is read by members: the index of an archive need not read the blobs, so they are sought over."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def read(self, size: int = -1, /) -> bytes:
        return self._file.read(size)

    def skip(self, size: int) -> int:
        """Go on by at most `size` bytes; by how many."""
        here = self._file.tell()
        end = os.fstat(self._file.fileno()).st_size
        return self._file.seek(min(end, here + size)) - here


def _read(files: ArchiveFiles, name: str) -> bytes | None:
    size = files.size(name)
    if size is None:
        return None
    if size > LARGEST_DOCUMENT:
        raise Invalid("load the archive", f"{name} has {size} bytes; a document has {LARGEST_DOCUMENT} at most")
    with files.open(name) as file:
        return file.read(LARGEST_DOCUMENT)


def _missing(name: str) -> Invalid:
    return Invalid("load the archive", f"{name} is not in it")
