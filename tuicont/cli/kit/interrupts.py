"""What asks the program to end (SIGINT, SIGTERM, SIGHUP) unwinds like an error: what is half made is taken back.

An attached session hands these signals on instead while it lasts (`terminal`). The unwinding is bounded: whoever asks
again and again ends the program at once, and so does time. The next engine repairs what is left then.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from types import FrameType
from typing import NoReturn

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_UNWINDING_SECONDS = 10.0
_AGAIN_SECONDS = 0.002
_PATIENCE = 2
"""Signals beside the first that are not heard: a terminal that hangs up sends several."""
_IMPORT = "<frozen importlib._bootstrap>"


class Interrupted(KeyboardInterrupt):
    """A signal that asks to end, raised wherever the main thread is."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.code = 128 + number


@contextlib.contextmanager
def raised() -> Iterator[None]:
    """While the context lasts, in the main thread. What is ignored stays so (nohup(1))."""
    before = {number: signal.getsignal(number) for number in (*SIGNALS, signal.SIGALRM)}
    handler = _Handler()
    for number in SIGNALS:
        if before[number] is not signal.SIG_IGN:
            signal.signal(number, handler.asked)
    signal.signal(signal.SIGALRM, handler.later)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, previous in before.items():
            signal.signal(number, previous)


class _Handler:
    def __init__(self) -> None:
        self._asked = 0
        self._number = 0
        self._unwinding = False

    def asked(self, number: int, frame: FrameType | None) -> None:
        self._asked += 1
        self._number = self._number or number
        if self._asked > 1 + _PATIENCE:
            self._end()
        if self._asked == 1:
            self._raise(frame)

    def later(self, _number: int, frame: FrameType | None) -> None:
        if self._unwinding:
            self._end()
        self._raise(frame)

    def _raise(self, frame: FrameType | None) -> None:
        """Once no module is being imported: extension modules do not expect an exception there, and one has crashed."""
        if is_between(frame) or _is_importing(frame):
            signal.setitimer(signal.ITIMER_REAL, _AGAIN_SECONDS)
            return
        self._unwinding = True
        signal.setitimer(signal.ITIMER_REAL, _UNWINDING_SECONDS)
        raise Interrupted(self._number)

    def _end(self) -> NoReturn:
        os._exit(128 + self._number)


def is_between(frame: FrameType | None) -> bool:
    """Whether that is between a with statement and what it enters or leaves, which would never hear of an exception: a
    transaction of the database would go on, and a condition's lock be held for ever."""
    if frame is None:
        return False
    return frame.f_code.co_filename == contextlib.__file__ or frame.f_code.co_name in ("__enter__", "__exit__")


def _is_importing(frame: FrameType | None) -> bool:
    while frame is not None and frame.f_code.co_filename != _IMPORT:
        frame = frame.f_back
    return frame is not None
