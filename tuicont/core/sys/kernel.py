"""The kernel as a port: what drivers that work through paths are given instead of `os`, so that whoever stands in
its place sees all that they do, in order.

Knows nothing of cgroups, layers or any other meaning of a path. Every method is one or a few system
calls and raises the plain `OSError` with errno and path; translating it is the driver's business.
Sampling (`sys/counters.py`) is not here: it changes nothing, and reads the open files of hundreds of groups in one
call to C, many times a minute.
"""

from __future__ import annotations

import contextlib
import os
import select
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol, TypeVar

from tuicont.core.sys.bpf import attach_to_cgroup
from tuicont.core.sys.pidfd import PidFd

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

    def await_text(self, path: str, wanted: Callable[[bytes], bool], seconds: float) -> bool:
        """Wait, at most so long, until the text of a kernel file is `wanted`; whether it is. poll(2) with POLLPRI, so
        only for a file whose changes the kernel announces. ENODEV when the file goes meanwhile."""

    def signal(self, pids: Sequence[int], number: int, listed: Callable[[], Iterable[int]]) -> int:
        """Hold each process by a pidfd (pidfd_open(2)), then signal those that are still `listed`: a pid alone may
        have come to mean another process. How many it reached; those that are gone are passed over."""

    def attach_devices(self, path: str, program: bytes, *, anew: bool) -> None:
        """Put a device program (struct bpf_insn) on a cgroup v2 directory, in the place of the one that was put there
        before; `anew` says that there is none. EINVAL or ENOSYS from a kernel without such programs."""

    def chmod(self, path: str, mode: int) -> None:
        """chmod(2)."""

    def chown(self, path: str, uid: int, gid: int) -> None:
        """chown(2)."""

    def getxattr(self, path: str, name: str) -> bytes:
        """getxattr(2). ENODATA when there is none of that name."""

    def setxattr(self, path: str, name: str, value: bytes) -> None:
        """setxattr(2): made, or replaced."""

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

    def await_text(self, path: str, wanted: Callable[[bytes], bool], seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            poll = select.poll()
            poll.register(fd, select.POLLPRI)
            while not wanted(os.pread(fd, _CHUNK, 0)):
                left = deadline - time.monotonic()
                if left <= 0:
                    return False
                poll.poll(left * 1000)
            return True
        except OSError as error:
            raise OSError(error.errno, error.strerror, path) from None
        finally:
            os.close(fd)

    def signal(self, pids: Sequence[int], number: int, listed: Callable[[], Iterable[int]]) -> int:
        held: dict[int, PidFd] = {}
        try:
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    held[pid] = PidFd(os.pidfd_open(pid))
            return sum(held[pid].send(number) for pid in held.keys() & set(listed()))
        finally:
            for fd in held.values():
                fd.close()

    def attach_devices(self, path: str, program: bytes, *, anew: bool) -> None:
        attach_to_cgroup(program, path, anew=anew)

    def chmod(self, path: str, mode: int) -> None:
        os.chmod(path, mode)

    def chown(self, path: str, uid: int, gid: int) -> None:
        os.chown(path, uid, gid)

    def getxattr(self, path: str, name: str) -> bytes:
        return os.getxattr(path, name)

    def setxattr(self, path: str, name: str, value: bytes) -> None:
        os.setxattr(path, name, value)

    def whole(self, name: str, path: str, operation: Callable[[], T]) -> T:
        return operation()
