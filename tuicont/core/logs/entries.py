"""The entries that a shim writes into a log, and the lines that they make: the CRI format.

`2016-10-06T00:17:09.669794202Z stdout F text` (Kubernetes, CRI container log format); P instead of F says
that the line goes on in the stream's next entry. No line is too long to be read: one of more than `LINE_MOST` bytes
comes in pieces, so that what a reader holds is bounded. Knows no file.
"""

from __future__ import annotations

import calendar
import time
from collections.abc import Iterator

from tuicont.core.model.container import LogLine

LINE_MOST = 1 << 16
"""What a reader holds of a line at most, in bytes of each stream. A shim's entries have 16 KiB at most."""

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
    """Joins partial entries, a stream at a time, up to a line's end or `LINE_MOST` bytes. A line's time is that of its
    last entry."""

    def __init__(self) -> None:
        self._parts: dict[str, bytearray] = {}
        self._times: dict[str, int] = {}

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
        self._parts[stream], self._times[stream] = held, time_ns
        return None

    def rest(self) -> Iterator[LogLine]:
        """What was begun and never ended."""
        for stream, text in self._parts.items():
            yield _line(self._times[stream], stream, text, complete=False)
        self._parts.clear()


def _line(time_ns: int, stream: str, text: bytes | bytearray, *, complete: bool) -> LogLine:
    return LogLine(time_ns=time_ns, stream=stream, text=text.decode(errors="surrogateescape"), complete=complete)
