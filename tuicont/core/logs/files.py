"""The files of one log: `log`, and those that are full: `log.1`, the next one `log.2`, …; the oldest are dropped.

A reader holds them open, so neither a new name nor a removal takes anything from it. One that follows locks them too
(fcntl(2), F_OFD_SETLK): a shim keeps the files that were begun since, as long as it stays within its bounds
(native/shim/log.c). Knows nothing of what an entry says.
"""

from __future__ import annotations

import math
import os
from collections import deque
from collections.abc import Iterator
from contextlib import suppress

from tuicont.core.sys.record_locks import lock_byte

_CHUNK = 1 << 16
_MARK = 64
"""Bytes before the place that is read next. They have an entry's time, so no other place of a log has the same."""
_ATTEMPTS = 5


class LogFile:
    """One of them, to be closed; opened by `descriptor`."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._offset = 0
        self._rest, self._mark = b"", b""
        status = os.fstat(descriptor)
        self.identity = (status.st_dev, status.st_ino)

    def entries(self) -> Iterator[bytes]:
        """Every complete entry since the last call; from the beginning when somebody has cut the file."""
        if os.pread(self._descriptor, len(self._mark), self._offset - len(self._mark)) != self._mark:
            self.go_to(0)
        while chunk := os.pread(self._descriptor, _CHUNK, self._offset):
            self._offset += len(chunk)
            self._mark = (self._mark + chunk)[-_MARK:]
            *complete, self._rest = (self._rest + chunk).split(b"\n")
            yield from complete

    def go_to(self, offset: int) -> None:
        """Read on from there: the begin of an entry."""
        self._offset, self._rest, self._mark = offset, b"", b""

    def backwards(self) -> Iterator[tuple[int, bytes]]:
        """(where it ends, entry) of each complete entry, the last one first."""
        begin, rest = os.fstat(self._descriptor).st_size, b""
        torn = True  # what follows the last newline
        while begin > 0:
            size = min(_CHUNK, begin)
            begin -= size
            block = os.pread(self._descriptor, size, begin) + rest
            first, *pieces = block.split(b"\n")
            end = begin + len(block)
            for piece in reversed(pieces):
                if not torn:
                    yield end + 1, piece
                torn, end = False, end - len(piece) - 1
            rest = first
        if not torn:
            yield len(rest) + 1, rest

    def lock(self) -> bool:
        """Have the shim keep what follows; whether it has kept this one."""
        with suppress(OSError):  # another's lock: then as without
            lock_byte(self._descriptor, 0, shared=True)
        return os.fstat(self._descriptor).st_nlink > 0

    def close(self) -> None:
        os.close(self._descriptor)


class LogFiles:
    """All of them, read entry by entry through every rotation."""

    def __init__(self, path: str, *, follow: bool) -> None:
        self._path = path
        self._follow = follow
        self._files: deque[LogFile] = deque()

    def entries(self) -> Iterator[bytes]:
        """Every complete entry since the last call."""
        self._find()
        while len(self._files) > 1:  # only the newest grows
            yield from self._files[0].entries()
            self._files.popleft().close()
        if self._files:
            yield from self._files[0].entries()

    def backwards(self) -> Iterator[tuple[LogFile, int, bytes]]:
        """(file, where it ends, entry) of each entry that is there now, the last one first."""
        self._find()
        for file in reversed(self._files):
            for end, entry in file.backwards():
                yield file, end, entry

    def go_to(self, file: LogFile, offset: int) -> None:
        """Read on from there, and nothing before it."""
        while self._files[0] is not file:
            self._files.popleft().close()
        file.go_to(offset)

    def close(self) -> None:
        while self._files:
            self._files.pop().close()

    def _find(self) -> None:
        """Open what was begun since. One that was dropped before its lock was there may not be the last."""
        if self._follow and not self._files:
            # Before the shim, so that it is locked before the first line is in it.
            with suppress(OSError):
                os.close(os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))
        for _ in range(_ATTEMPTS):
            newer = self._newer()
            self._files.extend(newer)
            if not self._follow:
                return
            kept = [file.lock() for file in newer]
            if all(kept):
                return

    def _newer(self) -> list[LogFile]:
        """Those that were begun after the newest one that is held, oldest first."""
        last = self._files[-1].identity if self._files else None
        found: dict[tuple[int, int], tuple[float, LogFile]] = {}
        for number, descriptor in self._from_newest():
            file = LogFile(descriptor)
            if file.identity == last:
                file.close()
                break
            if file.identity in found:  # it has got its number in between
                found[file.identity][1].close()
            found[file.identity] = number, file
        return [file for _, file in sorted(found.values(), key=lambda each: each[0])]

    def _from_newest(self) -> Iterator[tuple[float, int]]:
        """(number, descriptor) of each. The one that has no number yet comes first: what is full by the time that the
        numbers are looked for has one."""
        directory, name = os.path.split(self._path)
        yield from self._opened(self._path, math.inf)
        with suppress(FileNotFoundError):
            endings = (other[len(name) + 1 :] for other in os.listdir(directory) if other.startswith(f"{name}."))
            for number in sorted(map(int, filter(str.isdecimal, endings)), reverse=True):
                yield from self._opened(f"{self._path}.{number}", number)

    def _opened(self, path: str, number: float) -> Iterator[tuple[float, int]]:
        with suppress(FileNotFoundError):
            yield number, os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
