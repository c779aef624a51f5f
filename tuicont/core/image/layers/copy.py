"""Copies between a root file system and tar streams (`cp`), never leaving the root.

Knows no container: it is given a descriptor of a root directory, be it of a running, hostile container or of a
detached view. Every path is resolved with openat2(RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS). A path of the host's own
is its user's, who may name what he likes; what lies below it is as little trusted.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from typing import BinaryIO

from tuicont.core.errors import Conflict, EngineError, Invalid, NotFound, kernel_error
from tuicont.core.image.compression import decompressed
from tuicont.core.image.layers.applier import Applier
from tuicont.core.image.layers.packer import Packer
from tuicont.core.image.layers.tarstream import ForwardReader, members
from tuicont.core.image.layers.tarwriter import END
from tuicont.core.model.file import FileStat, LeftOut
from tuicont.core.sys.openat2 import open_in_root

_LINKS = 40
"""As many as the kernel follows (path_resolution(7))."""


def pack(root_fd: int, path: str, *, follow: bool = False, left_out: LeftOut | None = None) -> Iterator[bytes]:
    """A tar stream of `path`, as `docker cp` gives it: entries begin with the path's base name; a path that ends in
    "/." gives the directory's contents, beginning with "."; a link is packed as a link unless `follow`, or the path
    ends in a slash. `left_out` is told of sockets and what else no archive holds; what is below a mounted pseudo file
    system is left out without a word. Raises `NotFound` and the like at the first step."""
    operation = f"copy {path}"
    try:
        fd, name = _starting_point(root_fd, path, follow)
    except OSError as error:
        raise _path_error(operation, path, error) from error
    yield from _packed(operation, path, fd, name, Packer(operation, left_out))


def pack_path(
    path: str, name: str, *, follow: bool = False, keep_owner: bool = False, left_out: LeftOut | None = None
) -> Iterator[bytes]:
    """The same of a path of the host, under the name `name`; without `keep_owner` everything is root's."""
    operation = f"copy {path}"
    try:
        fd = os.open(path, os.O_PATH | os.O_CLOEXEC | (0 if follow else os.O_NOFOLLOW))
    except OSError as error:
        raise kernel_error(operation, f"open {path}", error) from error
    yield from _packed(operation, path, fd, name, Packer(operation, left_out, keep_owner=keep_owner))


def unpack(root_fd: int, path: str, archive: BinaryIO, *, left_out: LeftOut | None = None) -> None:
    """Unpack a tar stream (plain or compressed) into the directory `path`. Raises `NotFound` when it is not there,
    `Conflict` when it is read-only, and `Invalid` for what is no directory and for a harmful archive; what was unpacked
    before stays. `left_out` is told of devices that this host lets nobody make."""
    operation = f"copy to {path}"
    try:
        target = open_in_root(root_fd, path, os.O_PATH | os.O_DIRECTORY)
    except OSError as error:
        raise _path_error(operation, path, error) from error
    try:
        read_only = os.fstatvfs(target).f_flag & os.ST_RDONLY
    finally:
        # The applier resolves below the root each time.
        os.close(target)
    if read_only:
        raise Conflict(operation, f"{path} is on a read-only file system of the container")
    with Applier(root_fd, directory=path, merge=True, left_out=left_out) as applier:
        for member in members(ForwardReader(decompressed(archive))):
            applier.apply(member)
        applier.finish()


def look(root_fd: int, path: str) -> FileStat:
    """What `path` leads to, through a link at its end too, where that leads to nothing as well. Raises `Invalid` for
    what ends in a slash and is no directory."""
    wanted = path
    try:
        for _ in range(_LINKS):
            name = path.rpartition("/")[2]
            if name in ("", ".", ".."):
                mode, _ = _seen(root_fd, path, os.O_DIRECTORY)
                if mode or name:
                    return FileStat(path=path, mode=mode)
                path = path.rstrip("/")
                continue
            mode, target = _seen(root_fd, path, os.O_NOFOLLOW)
            if not target:
                return FileStat(path=path, mode=mode)
            path = os.path.join(path[: -len(name)], target)
    except OSError as error:
        raise _path_error(f"look at {wanted}", wanted, error) from error
    raise Invalid(f"look at {wanted}", f"it is a link that leads through more than {_LINKS} others, or in a circle")


def _seen(root_fd: int, path: str, flags: int) -> tuple[int, str]:
    """Its mode, 0 when it is not there, and where it leads to when it is a link."""
    try:
        fd = open_in_root(root_fd, path, os.O_PATH | flags)
    except FileNotFoundError:
        return 0, ""
    try:
        mode = os.fstat(fd).st_mode
        return mode, os.readlink("", dir_fd=fd) if stat.S_ISLNK(mode) else ""
    finally:
        os.close(fd)


def _starting_point(root_fd: int, path: str, follow: bool) -> tuple[int, str]:
    """What is to be packed, as an O_PATH descriptor, and its name in the archive."""
    contents = path.endswith("/.") or path == "."
    name = "." if contents else os.path.basename(os.path.normpath(f"/{path}")) or "."
    flags = os.O_DIRECTORY if contents or path.endswith("/") else 0 if follow else os.O_NOFOLLOW
    return open_in_root(root_fd, path, os.O_PATH | flags), name


def _packed(operation: str, path: str, fd: int, name: str, packer: Packer) -> Iterator[bytes]:
    try:
        yield from packer.add(fd, name)
        yield END
    except OSError as error:
        raise kernel_error(operation, f"read {error.filename or path}", error) from error
    finally:
        os.close(fd)


def _path_error(operation: str, path: str, error: OSError) -> EngineError:
    if error.errno == errno.ENOENT:
        return NotFound(operation, f"there is no {path} in the container")
    if error.errno in (errno.ENOTDIR, errno.ELOOP):
        return Invalid(operation, f"{path} is not a directory, or is below something that is none")
    return kernel_error(operation, f"open {path}", error)
