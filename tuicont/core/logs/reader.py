"""Reading the log that a shim writes, from its last lines or from a time on, and following it.

Knows nothing of who writes the log.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Generator, Iterator
from typing import TYPE_CHECKING, NamedTuple

from tuicont.core.files.watching import CREATE, LOOK_MS, MODIFY, MOVED_TO, watched
from tuicont.core.logs.entries import LineAssembler, parse_entry
from tuicont.core.logs.files import LogFiles
from tuicont.core.model.container import LogLine, LogQuery

if TYPE_CHECKING:
    from inotify_simple import INotify


def read_log(path: str, query: LogQuery, ended: Callable[[], bool]) -> Generator[LogLine, None, None]:
    """The lines that `query` asks for. With `follow`, until `ended` says that no more will come, or until the end of
    the time that was asked for."""
    watch: INotify | None = None
    if query.follow:
        directory = os.path.dirname(path)
        os.makedirs(directory, 0o700, exist_ok=True)  # the shim's, which makes it with the first line
        watch = watched((directory, MODIFY | CREATE | MOVED_TO))
    files, assembler = LogFiles(path, follow=query.follow), LineAssembler()
    try:
        tail = _seek_tail(files, query, query.tail) if query.tail is not None else None
        yield from _without_first(_lines(files, assembler, query), tail.before if tail else 0)
        while query.follow:
            left_ms = LOOK_MS if query.until_ns is None else (query.until_ns - time.time_ns()) // 1_000_000
            over = ended() or left_ms <= 0
            yield from _lines(files, assembler, query)
            if over:
                break
            if watch is not None:
                watch.read(timeout=min(left_ms + 1, LOOK_MS))
            else:
                time.sleep(min(left_ms + 1, LOOK_MS) / 1000)
        for line in assembler.rest():
            if _is_within(line.time_ns, query) and (tail is None or query.follow or line.stream in tail.begun):
                yield line
    finally:
        files.close()
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


class _Tail(NamedTuple):
    """The last lines, as seen from where reading goes on: after how many that are `before` them, and the streams whose
    last line has begun and is one of them."""

    before: int
    begun: frozenset[str]


def _seek_tail(files: LogFiles, query: LogQuery, lines: int) -> _Tail:
    """Go to where the last `lines` lines of the time asked for have all of their entries. What is before them is never
    parsed."""
    found, before = 0, 0
    begun: set[str] = set()
    seen: set[str] = set()
    headless: set[str] = set()  # the streams of which a line is one of the last, and its begin is still to come
    for file, end, entry in files.backwards():
        if (parsed := parse_entry(entry)) is None:
            continue
        time_ns, stream, complete, _ = parsed
        if complete:
            headless.discard(stream)
        if found == lines and not headless:
            files.go_to(file, end)
            break
        if (complete or stream not in seen) and _is_within(time_ns, query):
            if found < lines:
                found += 1
                headless.add(stream)
                if not complete:
                    begun.add(stream)
            elif complete:
                before += 1
        seen.add(stream)
    return _Tail(before, frozenset(begun))


def _without_first(lines: Iterator[LogLine], count: int) -> Iterator[LogLine]:
    for line in lines:
        if count <= 0:
            yield line
        count -= line.complete


def _lines(files: LogFiles, assembler: LineAssembler, query: LogQuery) -> Iterator[LogLine]:
    for entry in files.entries():
        line = assembler.add(entry)
        if line is not None and _is_within(line.time_ns, query):
            yield line


def _is_within(time_ns: int, query: LogQuery) -> bool:
    """Whether it is of the time that was asked for."""
    if query.since_ns is not None and time_ns < query.since_ns:
        return False
    return query.until_ns is None or time_ns < query.until_ns
