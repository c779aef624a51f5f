"""Copies between a root file system and tar streams (`cp`), never leaving the root.

Knows no container: it is given a descriptor of a root directory, be it of a running, hostile container or of a
detached view. Every path is resolved with openat2(RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS); below the first directory
each step is one name, opened without following links.
"""

from __future__ import annotations

import errno
import os
import stat
import tarfile
from collections.abc import Iterator
from typing import BinaryIO

from tuicont.core.errors import EngineError, Invalid, NotFound, kernel_error
from tuicont.core.files.regular import Refused, open_regular, reopen_regular
from tuicont.core.image.compression import decompressed
from tuicont.core.image.layers.applier import Applier
from tuicont.core.image.layers.tarstream import ForwardReader, members
from tuicont.core.image.layers.tarwriter import END, entry, padded
from tuicont.core.sys.openat2 import open_in_root

_CHUNK = 1 << 18
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


def pack(root_fd: int, path: str, *, follow: bool = False) -> Iterator[bytes]:
    """A tar stream of `path`, as `docker cp` gives it: entries begin with the path's base name; a path that ends in
    "/." gives the directory's contents, beginning with "."; a link is packed as a link unless `follow`. Sockets are
    left out, and so is what is below a mounted pseudo file system. Raises `NotFound` and the like at the first step."""
    operation = f"copy {path}"
    packer = _Packer(root_fd, path)
    try:
        parent_fd, name, archived = _starting_point(root_fd, path, follow)
    except OSError as error:
        raise _path_error(operation, path, error) from error
    try:
        yield from packer.add(parent_fd, name, archived, 0)
        yield END
    except OSError as error:
        raise kernel_error(operation, f"read {error.filename or path}", error) from error
    finally:
        os.close(parent_fd)


def unpack(root_fd: int, path: str, archive: BinaryIO) -> None:
    """Unpack a tar stream (plain or compressed) into the directory `path`. Raises `NotFound` when it is not there and
    `Invalid` for what is no directory and for a harmful archive; what was unpacked before stays."""
    operation = f"copy to {path}"
    try:
        target = open_in_root(root_fd, path, os.O_PATH | os.O_DIRECTORY)
    except OSError as error:
        raise _path_error(operation, path, error) from error
    # Kept open for nothing but to know that it is there: the applier resolves below the root each time.
    os.close(target)
    with Applier(root_fd, directory=path, merge=True) as applier:
        for member in members(ForwardReader(decompressed(archive))):
            applier.apply(member)
        applier.finish()


def _starting_point(root_fd: int, path: str, follow: bool) -> tuple[int, str, str]:
    """(directory, name in it, name in the archive) of what is to be packed."""
    parts = [part for part in path.split("/") if part]
    contents = bool(parts) and parts[-1] == "."
    parts = [part for part in parts if part != "."]
    archived = "." if contents or not parts else parts[-1]
    whole = contents or not parts or parts[-1] == ".." or path.endswith("/")
    if whole or follow:
        # The thing itself, through whatever link, as "." of a directory or by a descriptor of its own.
        fd = open_in_root(root_fd, "/".join(parts), os.O_PATH | (os.O_DIRECTORY if whole else 0))
        if stat.S_ISDIR(os.fstat(fd).st_mode):
            return fd, ".", archived if archived != ".." else "."
        return fd, "", archived
    parent_fd = open_in_root(root_fd, "/".join(parts[:-1]), os.O_PATH | os.O_DIRECTORY)
    try:
        os.stat(parts[-1], dir_fd=parent_fd, follow_symlinks=False)
    except OSError:
        os.close(parent_fd)
        raise
    return parent_fd, parts[-1], archived


class _Packer:
    """One walk: which inodes have been packed already, and by which name."""

    def __init__(self, root_fd: int, path: str) -> None:
        self._path = path
        self._linked: dict[tuple[int, int], str] = {}

    def add(self, parent_fd: int, name: str, archived: str, depth: int) -> Iterator[bytes]:
        info = os.stat(name, dir_fd=parent_fd, follow_symlinks=False) if name else os.fstat(parent_fd)
        kind = _KINDS.get(stat.S_IFMT(info.st_mode))
        if kind == tarfile.DIRTYPE:
            yield from self._directory(parent_fd, name, archived, depth)
        elif kind == tarfile.REGTYPE:
            yield from self._file(parent_fd, name, archived)
        elif kind is not None:
            link = os.readlink(name, dir_fd=parent_fd) if kind == tarfile.SYMTYPE else ""
            yield _header(archived, kind, info, link=link)

    def _directory(self, parent_fd: int, name: str, archived: str, depth: int) -> Iterator[bytes]:
        if depth > _DEPTH:
            raise Invalid(f"copy {self._path}", f"directories are nested more than {_DEPTH} levels deep")
        fd = os.open(name or ".", _DIRECTORY, dir_fd=parent_fd)
        try:
            info = os.fstat(fd)
            yield _header(archived + "/", tarfile.DIRTYPE, info, fd=fd)
            if depth and info.st_dev != os.stat(".", dir_fd=parent_fd).st_dev and os.fstatvfs(fd).f_blocks == 0:
                # proc, sysfs, cgroup and their like hold no data: df(1) knows them by this too.
                return
            for child in sorted(os.listdir(fd)):
                try:
                    yield from self.add(fd, child, f"{archived}/{child}", depth + 1)
                except FileNotFoundError:
                    # Deleted since it was listed.
                    continue
        finally:
            os.close(fd)

    def _file(self, parent_fd: int, name: str, archived: str) -> Iterator[bytes]:
        try:
            # A file that stands alone is open already, but only as a path.
            fd = open_regular(parent_fd, name) if name else reopen_regular(parent_fd, archived)
        except Refused:
            return  # replaced since it was looked at
        try:
            info = os.fstat(fd)
            if info.st_nlink > 1:
                first = self._linked.setdefault((info.st_dev, info.st_ino), archived)
                if first != archived:
                    yield _header(archived, tarfile.LNKTYPE, info, link=first)
                    return
            yield _header(archived, tarfile.REGTYPE, info, fd=fd)
            yield from padded(_contents(fd, info.st_size), info.st_size)
        finally:
            os.close(fd)


def _header(archived: str, kind: bytes, info: os.stat_result, *, fd: int = -1, link: str = "") -> bytes:
    return entry(
        archived,
        kind,
        mode=info.st_mode,
        uid=info.st_uid,
        gid=info.st_gid,
        mtime_ns=info.st_mtime_ns,
        size=info.st_size if kind == tarfile.REGTYPE else 0,
        link=link,
        device=(os.major(info.st_rdev), os.minor(info.st_rdev)),
        xattrs=_xattrs(fd) if fd >= 0 else None,
    )


def _xattrs(fd: int) -> dict[str, bytes]:
    try:
        names = os.listxattr(fd)
        wanted = [n for n in names if n == "security.capability" or n.startswith("user.")]
        return {name: os.getxattr(fd, name) for name in wanted}
    except OSError as error:
        if error.errno in (errno.EOPNOTSUPP, errno.ENODATA):
            return {}
        raise


def _contents(fd: int, left: int) -> Iterator[bytes]:
    # Not up to its end: somebody may be adding to it all the time.
    while left and (chunk := os.read(fd, min(left, _CHUNK))):
        yield chunk
        left -= len(chunk)


def _path_error(operation: str, path: str, error: OSError) -> EngineError:
    if error.errno == errno.ENOENT:
        return NotFound(operation, f"there is no {path} in the container")
    if error.errno in (errno.ENOTDIR, errno.ELOOP):
        return Invalid(operation, f"{path} is not a directory, or is below something that is none")
    return kernel_error(operation, f"open {path}", error)
