"""A `Kernel` port that is a tree in memory: for tests of what a driver reads and of the order of its calls.

Knows no meaning of any path; the real kernel remains the judge of what a driver does.
"""

from __future__ import annotations

import errno
import os
import posixpath
import stat
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

T = TypeVar("T")


class MemoryKernel:
    """A tree in memory that answers as the kernel would: for tests of a driver's reading and its order of calls.

    `files` maps a path to its contents. A write to a file that is not there
    fails with ENOENT, as a kernel file's does; `template` names the files (and contents) that every new directory
    is born with, as a cgroup's is, and rmdir takes them with it. Nothing ever changes by itself, every process is
    there to be signalled, and `programs` has the device program of each directory.
    """

    def __init__(self, files: dict[str, bytes] | None = None, template: dict[str, bytes] | None = None) -> None:
        self.files = dict(files or {})
        self.links: dict[str, str] = {}
        self.template = dict(template or {})
        self.programs: dict[str, bytes] = {}
        self._modes: dict[str, int] = {}
        self._attributes: dict[tuple[str, str], bytes] = {}
        self._directories = {"/"}
        for path in self.files:
            while (path := posixpath.dirname(path)) not in self._directories:
                self._directories.add(path)

    def read(self, path: str) -> bytes:
        if path in self._directories:
            raise _error(errno.EISDIR, path)
        if path not in self.files:
            raise _error(errno.ENOENT, path)
        return self.files[path]

    def write(self, path: str, data: bytes) -> None:
        self.read(path)
        self.files[path] = data

    def write_each(self, path: str, pieces: Sequence[bytes]) -> None:
        for piece in pieces:
            self.write(path, piece)

    def mkdir(self, path: str, mode: int = 0o755) -> None:
        if self.exists(path):
            raise _error(errno.EEXIST, path)
        if posixpath.dirname(path) not in self._directories:
            raise _error(errno.ENOENT, path)
        self._directories.add(path)
        self.files |= {f"{path}/{name}": data for name, data in self.template.items()}

    def rmdir(self, path: str) -> None:
        if path not in self._directories:
            raise _error(errno.ENOENT, path)
        names = set(self.listdir(path))
        if names - set(self.template):
            raise _error(errno.ENOTEMPTY, path)
        for name in names:
            self.files.pop(f"{path}/{name}", None)
        self._directories.discard(path)

    def listdir(self, path: str) -> list[str]:
        if path not in self._directories:
            raise _error(errno.ENOENT, path)
        return [posixpath.basename(p) for p in self._everything() if p != "/" and posixpath.dirname(p) == path]

    def directories(self, path: str) -> list[str]:
        return [name for name in self.listdir(path) if posixpath.join(path, name) in self._directories]

    def mode(self, path: str) -> int:
        if not self.exists(path):
            raise _error(errno.ENOENT, path)
        if path in self.links:
            return stat.S_IFLNK | 0o777
        kind, usual = (stat.S_IFDIR, 0o755) if path in self._directories else (stat.S_IFREG, 0o644)
        return kind | self._modes.get(path, usual)

    def exists(self, path: str) -> bool:
        return path in self.files or path in self.links or path in self._directories

    def rename(self, source: str, target: str) -> None:
        if not self.exists(source):
            raise _error(errno.ENOENT, source)
        for place in (self.files, self.links):
            for path in [p for p in place if p == source or p.startswith(source + "/")]:
                place[target + path[len(source) :]] = place.pop(path)  # type: ignore[assignment]
        moved = {p for p in self._directories if p == source or p.startswith(source + "/")}
        self._directories = self._directories - moved | {target + p[len(source) :] for p in moved}

    def unlink(self, path: str) -> None:
        if path in self._directories:
            raise _error(errno.EISDIR, path)
        if not self.exists(path):
            raise _error(errno.ENOENT, path)
        self.files.pop(path, None)
        self.links.pop(path, None)

    def symlink(self, text: str, path: str) -> None:
        if self.exists(path):
            raise _error(errno.EEXIST, path)
        self.links[path] = text

    def readlink(self, path: str) -> str:
        if path not in self.links:
            raise _error(errno.EINVAL if self.exists(path) else errno.ENOENT, path)
        return self.links[path]

    def await_text(self, path: str, wanted: Callable[[bytes], bool], seconds: float) -> bool:
        return wanted(self.read(path))

    def signal(self, pids: Sequence[int], number: int, listed: Callable[[], Iterable[int]]) -> int:
        return len(set(pids) & set(listed()))

    def attach_devices(self, path: str, program: bytes, *, anew: bool) -> None:
        if path not in self._directories:
            raise _error(errno.ENOENT, path)
        self.programs[path] = program

    def chmod(self, path: str, mode: int) -> None:
        self.mode(path)
        self._modes[path] = mode

    def chown(self, path: str, uid: int, gid: int) -> None:
        self.mode(path)

    def getxattr(self, path: str, name: str) -> bytes:
        self.mode(path)
        if (path, name) not in self._attributes:
            raise _error(errno.ENODATA, path)
        return self._attributes[path, name]

    def setxattr(self, path: str, name: str, value: bytes) -> None:
        self.mode(path)
        self._attributes[path, name] = value

    def whole(self, name: str, path: str, operation: Callable[[], T]) -> T:
        return operation()

    def _everything(self) -> list[str]:
        return [*self.files, *self.links, *self._directories]


def _error(number: int, path: str) -> OSError:
    return OSError(number, os.strerror(number), path)
