"""The kernel's files as a port: what drivers that work through paths are given instead of `os`.

Knows nothing of cgroups, layers or any other meaning of a path. Every method is one or a few system
calls and raises the plain `OSError` with errno and path; translating it is the driver's business.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

T = TypeVar("T")

_CHUNK = 65536


class Kernel(Protocol):
    """Files and directories by absolute path. Data is bytes, modes of what is made are subject to the umask.

    What a driver changes, it changes through here, so that a recording of the calls is a complete ledger."""

    def read(self, path: str) -> bytes:
        """The whole file, however long the kernel makes it."""

    def write(self, path: str, data: bytes) -> None:
        """Open for writing (never creating, truncating or appending) and hand over `data` in one write(2): what a
        kernel file wants."""

    def write_each(self, path: str, pieces: Sequence[bytes]) -> None:
        """Open once as `write` does, and hand over each piece in a write(2) of its own."""

    def mkdir(self, path: str, mode: int = 0o755) -> None:
        """mkdir(2)."""

    def rmdir(self, path: str) -> None:
        """rmdir(2)."""

    def listdir(self, path: str) -> list[str]:
        """Names in a directory, in no order."""

    def directories(self, path: str) -> list[str]:
        """Names of the real directories (no links) in a directory, in no order."""

    def mode(self, path: str) -> int:
        """st_mode of lstat(2)."""

    def exists(self, path: str) -> bool:
        """Whether something is there (a dangling link is)."""

    def rename(self, source: str, target: str) -> None:
        """rename(2)."""

    def unlink(self, path: str) -> None:
        """unlink(2)."""

    def symlink(self, text: str, path: str) -> None:
        """symlink(2): make `path` a link that says `text`."""

    def readlink(self, path: str) -> str:
        """readlink(2)."""

    def chmod(self, path: str, mode: int) -> None:
        """chmod(2)."""

    def chown(self, path: str, uid: int, gid: int) -> None:
        """chown(2)."""

    def whole(self, name: str, path: str, operation: Callable[[], T]) -> T:
        """The result of `operation`, which changes any number of files at and below `path`: one entry of the ledger,
        called `name`."""


class RealKernel:
    """The running kernel."""

    def read(self, path: str) -> bytes:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            data = os.read(fd, _CHUNK)
            # seq_file hands out at most a page or so at a time: only an empty read is the end.
            if not data:
                return data
            parts = [data]
            while data := os.read(fd, _CHUNK):
                parts.append(data)
            return parts[0] if len(parts) == 1 else b"".join(parts)
        except OSError as error:
            raise OSError(error.errno, error.strerror, path) from None
        finally:
            os.close(fd)

    def write(self, path: str, data: bytes) -> None:
        fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.write(fd, data)
        except OSError as error:
            raise OSError(error.errno, error.strerror, path) from None
        finally:
            os.close(fd)

    def write_each(self, path: str, pieces: Sequence[bytes]) -> None:
        fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
        try:
            for piece in pieces:
                os.write(fd, piece)
        except OSError as error:
            raise OSError(error.errno, error.strerror, path) from None
        finally:
            os.close(fd)

    def mkdir(self, path: str, mode: int = 0o755) -> None:
        os.mkdir(path, mode)

    def rmdir(self, path: str) -> None:
        os.rmdir(path)

    def listdir(self, path: str) -> list[str]:
        return os.listdir(path)

    def directories(self, path: str) -> list[str]:
        with os.scandir(path) as entries:
            return [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]

    def mode(self, path: str) -> int:
        return os.lstat(path).st_mode

    def exists(self, path: str) -> bool:
        return os.path.lexists(path)

    def rename(self, source: str, target: str) -> None:
        os.rename(source, target)

    def unlink(self, path: str) -> None:
        os.unlink(path)

    def symlink(self, text: str, path: str) -> None:
        os.symlink(text, path)

    def readlink(self, path: str) -> str:
        return os.readlink(path)

    def chmod(self, path: str, mode: int) -> None:
        os.chmod(path, mode)

    def chown(self, path: str, uid: int, gid: int) -> None:
        os.chown(path, uid, gid)

    def whole(self, name: str, path: str, operation: Callable[[], T]) -> T:
        return operation()
