"""A `Kernel` port that records every call and can be told to fail one: for tests of order, of undoing, of errors."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, TypeVar

from tuicont.core.sys.kernel import Kernel, RealKernel

T = TypeVar("T")


class Call(NamedTuple):
    """One recorded call; `data` is what was written, linked to, renamed to or attached, or the signal and whom for."""

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

    def await_text(self, path: str, wanted: Callable[[bytes], bool], seconds: float) -> bool:
        self._note("await_text", path)
        return self._inner.await_text(path, wanted, seconds)

    def signal(self, pids: Sequence[int], number: int, listed: Callable[[], Iterable[int]]) -> int:
        self._note("signal", "", f"{number} {' '.join(map(str, pids))}")
        return self._inner.signal(pids, number, listed)

    def attach_devices(self, path: str, program: bytes, *, anew: bool) -> None:
        self._note("attach_devices", path, program)
        self._inner.attach_devices(path, program, anew=anew)

    def chmod(self, path: str, mode: int) -> None:
        self._note("chmod", path, f"{mode:04o}")
        self._inner.chmod(path, mode)

    def chown(self, path: str, uid: int, gid: int) -> None:
        self._note("chown", path, f"{uid}:{gid}")
        self._inner.chown(path, uid, gid)

    def getxattr(self, path: str, name: str) -> bytes:
        self._note("getxattr", path, name)
        return self._inner.getxattr(path, name)

    def setxattr(self, path: str, name: str, value: bytes) -> None:
        self._note("setxattr", path, name)
        self._inner.setxattr(path, name, value)

    def whole(self, name: str, path: str, operation: Callable[[], T]) -> T:
        self._note(name, path)
        return self._inner.whole(name, path, operation)


def _error(number: int, path: str) -> OSError:
    return OSError(number, os.strerror(number), path)
