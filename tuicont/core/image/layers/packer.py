"""Directory trees as tar streams, read while others change them: nothing is followed, and nothing waited for.

Knows no root and no paths: it is given a descriptor. Each step is one name, taken as a path alone (O_PATH) without
following links, and what that holds is what is packed, whatever the name has come to mean. What no archive can hold, or
what is not to be had, is passed over and told of.

Files of pseudo file systems (procfs, sysfs) do not say how long they are, so they are read before their header is
written. Reading one can be an act: /proc/kmsg takes away what it shows. One that the copy is asked for by its name is
read; of those that a walk meets, only such as everybody may read, who could do so at any time.
"""

from __future__ import annotations

import errno
import os
import stat
import tarfile
from collections.abc import Iterator
from contextlib import suppress

from tuicont.core.errors import Invalid, errno_text
from tuicont.core.files import attributes
from tuicont.core.files.regular import Refused, reopen_regular
from tuicont.core.image.layers.tarwriter import entry, padded
from tuicont.core.model.file import LeftOut, kind_of

_CHUNK = 1 << 18
_PATH = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_KINDS = {
    stat.S_IFDIR: tarfile.DIRTYPE,
    stat.S_IFREG: tarfile.REGTYPE,
    stat.S_IFLNK: tarfile.SYMTYPE,
    stat.S_IFIFO: tarfile.FIFOTYPE,
    stat.S_IFCHR: tarfile.CHRTYPE,
    stat.S_IFBLK: tarfile.BLKTYPE,
}
_DEPTH = 150
_LONGEST_TOLD = 16 << 20
"""Bytes of a file whose length only reading tells; they are held in memory."""


class Packer:
    """One walk: which inodes have been packed already, and by which name."""

    def __init__(self, operation: str, left_out: LeftOut | None, *, keep_owner: bool = True) -> None:
        self._operation = operation
        self._left_out = left_out or (lambda name, why: None)
        self._keep_owner = keep_owner
        self._linked: dict[tuple[int, int], str] = {}

    def add(self, held: int, archived: str, depth: int = 0, device: int = 0) -> Iterator[bytes]:
        """What an O_PATH descriptor holds, and all below it, as `archived`; `device` is that of the directory above.
        Raises `OSError`, and `Invalid` for what is nested too deeply."""
        info = os.fstat(held)
        kind = _KINDS.get(stat.S_IFMT(info.st_mode))
        if kind == tarfile.DIRTYPE:
            yield from self._directory(held, archived, depth, device)
        elif kind == tarfile.REGTYPE:
            # Not even one block: it is empty, or only pretends to be a file.
            pretended = not info.st_blocks and _is_pseudo(held)
            yield from self._pseudo_file(held, archived, depth) if pretended else self._file(held, archived)
        elif kind is not None:
            link = os.readlink("", dir_fd=held) if kind == tarfile.SYMTYPE else ""
            yield self._header(archived, kind, info, link=link)
        else:
            self._left_out(archived, f"is {kind_of(info.st_mode)}")

    def _directory(self, held: int, archived: str, depth: int, device: int) -> Iterator[bytes]:
        if depth > _DEPTH:
            raise Invalid(self._operation, f"directories are nested more than {_DEPTH} levels deep")
        fd = os.open(".", _DIRECTORY, dir_fd=held)
        try:
            info = os.fstat(fd)
            yield self._header(archived + "/", tarfile.DIRTYPE, info, fd=fd)
            if depth and info.st_dev != device and _is_pseudo(fd):
                # It is mounted here, and nobody's data.
                return
            for name in sorted(os.listdir(fd)):
                # Deleted since it was listed; or in /proc, where a process has ended.
                with suppress(FileNotFoundError, ProcessLookupError):
                    child = os.open(name, _PATH, dir_fd=fd)
                    try:
                        yield from self.add(child, f"{archived}/{name}", depth + 1, info.st_dev)
                    finally:
                        os.close(child)
        finally:
            os.close(fd)

    def _file(self, held: int, archived: str) -> Iterator[bytes]:
        fd = reopen_regular(held, archived)
        try:
            info = os.fstat(fd)
            if info.st_nlink > 1:
                first = self._linked.setdefault((info.st_dev, info.st_ino), archived)
                if first != archived:
                    yield self._header(archived, tarfile.LNKTYPE, info, link=first)
                    return
            yield self._header(archived, tarfile.REGTYPE, info, fd=fd, size=info.st_size)
            yield from padded(_contents(fd, info.st_size), info.st_size)
        finally:
            os.close(fd)

    def _pseudo_file(self, held: int, archived: str, depth: int) -> Iterator[bytes]:
        try:
            info, content = _told(held, archived, by_all=bool(depth))
        except OSError as error:
            if not depth:
                raise
            why = (
                str(error.strerror) if isinstance(error, Refused) else f"cannot be read: {errno_text(error.errno or 0)}"
            )
            self._left_out(archived, why)
            return
        yield self._header(archived, tarfile.REGTYPE, info, size=len(content))
        yield from padded([content], len(content))

    def _header(
        self, archived: str, kind: bytes, info: os.stat_result, *, fd: int = -1, link: str = "", size: int = 0
    ) -> bytes:
        return entry(
            archived,
            kind,
            mode=info.st_mode,
            uid=info.st_uid if self._keep_owner else 0,
            gid=info.st_gid if self._keep_owner else 0,
            mtime_ns=info.st_mtime_ns,
            size=size,
            link=link,
            device=(os.major(info.st_rdev), os.minor(info.st_rdev)),
            xattrs=_xattrs(fd) if fd >= 0 else None,
        )


def _is_pseudo(fd: int) -> bool:
    """proc, sysfs, cgroup and their like hold no data: df(1) knows them by this too."""
    return os.fstatvfs(fd).f_blocks == 0


def _told(held: int, archived: str, *, by_all: bool) -> tuple[os.stat_result, bytes]:
    """What a file of a pseudo file system is, and all that it tells."""
    if by_all and not os.fstat(held).st_mode & stat.S_IROTH:
        raise Refused(errno.EACCES, "is a file of the kernel that not everybody may read", archived)
    fd = reopen_regular(held, archived)
    try:
        content = bytearray()
        while len(content) <= _LONGEST_TOLD and (chunk := os.read(fd, _CHUNK)):
            content += chunk
        if len(content) > _LONGEST_TOLD:
            raise Refused(errno.EFBIG, f"is a file of the kernel that tells more than {_LONGEST_TOLD} bytes", archived)
        return os.fstat(fd), bytes(content)
    finally:
        os.close(fd)


def _xattrs(fd: int) -> dict[str, bytes]:
    found = attributes.xattrs(fd).items()
    return {name: value for name, value in found if name == "security.capability" or name.startswith("user.")}


def _contents(fd: int, left: int) -> Iterator[bytes]:
    # Not up to its end: somebody may be adding to it all the time.
    while left and (chunk := os.read(fd, min(left, _CHUNK))):
        yield chunk
        left -= len(chunk)
