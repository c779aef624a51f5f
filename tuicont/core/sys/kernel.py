"""The kernel's files as a port: what drivers that work through paths are given instead of `os`.

Knows nothing of cgroups, layers or any other meaning of a path. Every method is one or a few system
calls and raises the plain `OSError` with errno and path; translating it is the driver's business.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from typing import NamedTuple, Protocol

_CHUNK = 65536


class Kernel(Protocol):
    """Files and directories by absolute path. Data is bytes, modes are subject to the umask."""

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


class Call(NamedTuple):
    """One recorded call; `data` is what was written, linked to or renamed to."""

    name: str
    path: str
    data: bytes | str = b""


class RecordingKernel:
    """Another kernel with every call recorded, and one of them made to fail.

    `calls` is in order, over all threads. `fail(n, errno)` makes the n-th call from now on (1 is the next) raise;
    `fail_path` makes every call named so on a path raise.
    """

    def __init__(self, inner: Kernel | None = None) -> None:
        self._inner: Kernel = inner if inner is not None else RealKernel()
        self._lock = threading.Lock()
        self._fail_at = 0
        self._fail_errno = 0
        self._fail_paths: dict[tuple[str, str], int] = {}
        self.calls: list[Call] = []

    def fail(self, nth: int, number: int) -> None:
        """Let the `nth` call from now on fail with errno `number`."""
        with self._lock:
            self._fail_at, self._fail_errno = len(self.calls) + nth, number

    def fail_path(self, name: str, path: str, number: int) -> None:
        """Let each call `name` on `path` fail with errno `number`; 0 lets it succeed again."""
        self._fail_paths[name, path] = number

    def written(self) -> list[tuple[str, bytes]]:
        """Only the writes: (path, data) in order."""
        return [(c.path, c.data) for c in self.calls if c.name == "write" and isinstance(c.data, bytes)]

    def _note(self, name: str, path: str, data: bytes | str = b"") -> None:
        with self._lock:
            self.calls.append(Call(name, path, data))
            number = self._fail_paths.get((name, path), 0)
            if len(self.calls) == self._fail_at:
                number = self._fail_errno
        if number:
            raise _error(number, path)

    def read(self, path: str) -> bytes:
        self._note("read", path)
        return self._inner.read(path)

    def write(self, path: str, data: bytes) -> None:
        self._note("write", path, data)
        self._inner.write(path, data)

    def write_each(self, path: str, pieces: Sequence[bytes]) -> None:
        for piece in pieces:
            self._note("write", path, piece)
        self._inner.write_each(path, pieces)

    def mkdir(self, path: str, mode: int = 0o755) -> None:
        self._note("mkdir", path)
        self._inner.mkdir(path, mode)

    def rmdir(self, path: str) -> None:
        self._note("rmdir", path)
        self._inner.rmdir(path)

    def listdir(self, path: str) -> list[str]:
        self._note("listdir", path)
        return self._inner.listdir(path)

    def directories(self, path: str) -> list[str]:
        self._note("directories", path)
        return self._inner.directories(path)

    def mode(self, path: str) -> int:
        self._note("mode", path)
        return self._inner.mode(path)

    def exists(self, path: str) -> bool:
        self._note("exists", path)
        return self._inner.exists(path)

    def rename(self, source: str, target: str) -> None:
        self._note("rename", source, target)
        self._inner.rename(source, target)

    def unlink(self, path: str) -> None:
        self._note("unlink", path)
        self._inner.unlink(path)

    def symlink(self, text: str, path: str) -> None:
        self._note("symlink", path, text)
        self._inner.symlink(text, path)

    def readlink(self, path: str) -> str:
        self._note("readlink", path)
        return self._inner.readlink(path)


def _error(number: int, path: str) -> OSError:
    return OSError(number, os.strerror(number), path)
