"""Reading the log that a shim writes: lines in the CRI format, in a file and its rotated predecessors.

`2016-10-06T00:17:09.669794202Z stdout F text` (Kubernetes, CRI container log format); P instead of F says
that the line goes on in the stream's next entry. No line is too long to be read: one of more than `LINE_MOST` bytes
comes in pieces, so that what a reader holds is bounded. Knows nothing of who writes the log.
"""

from __future__ import annotations

import calendar
import copy
import os
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, BinaryIO

from tuicont.core.files.watching import CREATE, LOOK_MS, MODIFY, MOVED_TO, watched
from tuicont.core.model.container import LogLine, LogQuery

if TYPE_CHECKING:
    from inotify_simple import INotify

LINE_MOST = 1 << 16
"""What a reader holds of a line at most, in bytes of each stream. A shim's entries have 16 KiB at most."""

_CHUNK = 1 << 16
_ATTEMPTS = 3
_seconds: dict[bytes, int] = {}


def parse_time(text: bytes) -> int:
    """Nanoseconds since the epoch of `2016-10-06T00:17:09.669794202Z`. Raises `ValueError`."""
    second, _, fraction = text.rstrip(b"Z").partition(b".")
    known = _seconds.get(second)
    if known is None:
        known = calendar.timegm(time.strptime(second.decode("ascii"), "%Y-%m-%dT%H:%M:%S"))
        _seconds.clear()  # Lines come in order of time: the last second is the one that is asked again.
        _seconds[second] = known
    return known * 1_000_000_000 + (int(fraction.ljust(9, b"0")[:9]) if fraction else 0)


def parse_entry(entry: bytes) -> tuple[int, str, bool, bytes] | None:
    """(time, stream, whether the line ends here, text) of one entry; None for what no shim wrote."""
    fields = entry.split(b" ", 3)
    if len(fields) != 4 or fields[1] not in (b"stdout", b"stderr") or fields[2] not in (b"F", b"P"):
        return None
    try:
        return parse_time(fields[0]), fields[1].decode(), fields[2] == b"F", fields[3]
    except ValueError:
        return None


class LineAssembler:
    """Joins partial entries, a stream at a time, up to a line's end or `LINE_MOST` bytes."""

    def __init__(self) -> None:
        self._parts: dict[str, bytearray] = {}

    def add(self, entry: bytes) -> LogLine | None:
        """The line or piece of one that `entry` completes, if it does."""
        parsed = parse_entry(entry)
        if parsed is None:
            return None
        time_ns, stream, complete, text = parsed
        held = self._parts.pop(stream, None)
        if held is not None:
            held += text
        elif complete:
            return _line(time_ns, stream, text, complete=True)
        else:
            held = bytearray(text)
        if complete or len(held) >= LINE_MOST:
            return _line(time_ns, stream, held, complete=complete)
        self._parts[stream] = held
        return None

    def rest(self, time_ns: int) -> Iterator[LogLine]:
        """What was begun and never ended."""
        for stream, text in self._parts.items():
            yield _line(time_ns, stream, text, complete=False)
        self._parts.clear()


def _line(time_ns: int, stream: str, text: bytes | bytearray, *, complete: bool) -> LogLine:
    return LogLine(time_ns=time_ns, stream=stream, text=text.decode(errors="surrogateescape"), complete=complete)


class LogFiles:
    """The files of one log, read entry by entry through every rotation."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._inode = 0
        self._offset = 0
        self._rest = b""

    def seek_tail(self, lines: int) -> int:
        """Go to where at most the last `lines` entries begin: what is before them is never parsed. How many there are
        from there on."""
        wanted = lines
        for descriptor, inode in reversed(list(self._open())):
            with os.fdopen(descriptor, "rb") as file:
                offset, found = _start_of_last(file, lines)
            self._inode, self._offset = inode, offset
            lines -= found
            if lines <= 0:
                break
        return wanted - lines

    def entries(self) -> Iterator[bytes]:
        """Every complete entry since the last call."""
        for descriptor, inode in self._from_here():
            with os.fdopen(descriptor, "rb") as file:
                if inode != self._inode:
                    self._inode, self._offset = inode, 0
                file.seek(self._offset)
                while chunk := file.read(_CHUNK):
                    self._offset += len(chunk)
                    *complete, self._rest = (self._rest + chunk).split(b"\n")
                    yield from complete

    def _from_here(self) -> list[tuple[int, int]]:
        """The file that was read last and those after it; all that there are when that is gone. A rotation may come
        between the look for names and the opening of one: what is missing then is looked for again."""
        for _ in range(_ATTEMPTS):
            files = list(self._open())
            inodes = [inode for _, inode in files]
            if not self._inode or self._inode in inodes:
                at = inodes.index(self._inode) if self._inode else 0
                _close(files[:at])
                return files[at:]
            _close(files)
        files = list(self._open())
        if files:
            self._inode, self._offset, self._rest = 0, 0, b""
        return files

    def _open(self) -> Iterator[tuple[int, int]]:
        """(descriptor, inode) of each file, oldest first."""
        directory, name = os.path.split(self._path)
        numbers = [int(n[len(name) + 1 :]) for n in _names(directory) if _is_rotated(n, name)]
        for path in (*(f"{self._path}.{n}" for n in sorted(numbers, reverse=True)), self._path):
            with suppress(FileNotFoundError):
                descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
                yield descriptor, os.fstat(descriptor).st_ino


def _close(files: list[tuple[int, int]]) -> None:
    for descriptor, _ in files:
        os.close(descriptor)


def _names(directory: str) -> list[str]:
    with suppress(FileNotFoundError):
        return os.listdir(directory)
    return []


def _is_rotated(name: str, log: str) -> bool:
    return name.startswith(f"{log}.") and name[len(log) + 1 :].isdigit()


def _start_of_last(file: BinaryIO, lines: int) -> tuple[int, int]:
    """(offset of the first of the last `lines` lines, how many lines follow it)."""
    end = file.seek(0, os.SEEK_END)
    position, found = end, 0
    while position > 0:
        begin = max(0, position - _CHUNK)
        file.seek(begin)
        block = file.read(position - begin)
        at = len(block)
        while (at := block.rfind(b"\n", 0, at)) >= 0:
            # The newline at the very end closes the last line, it does not begin one.
            if begin + at != end - 1:
                found += 1
                if found == lines:
                    return begin + at + 1, found
        position = begin
    return 0, found + (end > 0)


def read_log(path: str, query: LogQuery, ended: Callable[[], bool]) -> Generator[LogLine, None, None]:
    """The lines that `query` asks for. With `follow`, until `ended` says that no more will come."""
    files, assembler = LogFiles(path), LineAssembler()
    watch: INotify | None = None
    if query.follow:
        directory = os.path.dirname(path)
        os.makedirs(directory, 0o700, exist_ok=True)  # the shim's, which makes it with the first line
        watch = watched((directory, MODIFY | CREATE | MOVED_TO))
    try:
        yield from _past(files, assembler, query)
        while query.follow:
            over = ended()
            yield from _lines(files, assembler, query)
            if over:
                break
            if watch is not None:
                watch.read(timeout=LOOK_MS)
            else:
                time.sleep(LOOK_MS / 1000)
        yield from assembler.rest(time.time_ns())
    finally:
        if watch is not None:
            watch.close()


class LogStream:
    """The lines of `read_log` for one thread, which another one may stop: a generator that is being run
    cannot be closed."""

    def __init__(self, path: str, query: LogQuery, ended: Callable[[], bool]) -> None:
        self._closed = False
        self._lines = read_log(path, query, lambda: self._closed or ended())

    def __iter__(self) -> LogStream:
        return self

    def __next__(self) -> LogLine:
        if self._closed:
            self._lines.close()
            raise StopIteration
        return next(self._lines)

    def close(self) -> None:
        """No more lines; a blocked reader notices within half a second. May be repeated."""
        self._closed = True


def _past(files: LogFiles, assembler: LineAssembler, query: LogQuery) -> Iterator[LogLine]:
    """What is there already. To know the last lines all are counted first and read again: holding them until the end is
    known would have no bound. Where a rotation comes in between, what it drops was counted, and fewer are shown."""
    past = _lines(files, assembler, query)
    if query.tail is None:
        return past
    # Partial entries and the bounds of time make lines out of entries: only without them one is the other.
    entries = files.seek_tail(2 * query.tail + 64) if query.until_ns is None else query.tail + 1
    if entries <= query.tail:
        return past
    counted = sum(line.complete for line in _lines(copy.copy(files), LineAssembler(), query))
    return _without_first(past, counted - query.tail)


def _without_first(lines: Iterator[LogLine], count: int) -> Iterator[LogLine]:
    for line in lines:
        if count <= 0:
            yield line
        count -= line.complete


def _lines(files: LogFiles, assembler: LineAssembler, query: LogQuery) -> Iterator[LogLine]:
    for entry in files.entries():
        line = assembler.add(entry)
        if line is None or (query.since_ns is not None and line.time_ns < query.since_ns):
            continue
        if query.until_ns is None or line.time_ns < query.until_ns:
            yield line
