"""The thread that reads a log: it ends when it is told to, whenever that is."""

from __future__ import annotations

import threading
from collections.abc import Callable

from tests.doubles.scripted.engine import ScriptedEngine
from tests.doubles.scripted.views import ScriptedLines
from tuicont.core.model.container import LogLine, LogQuery
from tuicont.screens.details.line_queue import WAITING_MOST
from tuicont.screens.details.log_feed import LogFeed

PATIENCE = 10.0


def reader() -> threading.Thread:
    """The feed's thread."""
    return next(thread for thread in threading.enumerate() if thread.name == "log-feed")


def feed_of(logs: Callable[[str, LogQuery], ScriptedLines]) -> LogFeed:
    engine = ScriptedEngine()
    engine.views.logs = logs  # type: ignore[method-assign, assignment]
    return LogFeed(engine, "web-1", 100, lambda: None)


def test_a_feed_that_is_closed_before_its_log_is_open_reads_nothing_of_it() -> None:
    opened = threading.Event()
    lines = iter([LogLine(time_ns=0, stream="stdout", text="one")])

    def logs(ref: str, query: LogQuery) -> ScriptedLines:
        opened.wait(PATIENCE)
        return ScriptedLines(lines)

    feed = feed_of(logs)
    thread = reader()
    feed.close()
    opened.set()
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert next(lines).text == "one"


def test_closing_ends_a_reader_that_waits_for_lines() -> None:
    waiting, closed = threading.Event(), threading.Event()

    class Following(ScriptedLines):
        """A log without lines that is followed until it is closed."""

        def __next__(self) -> LogLine:
            waiting.set()
            closed.wait(PATIENCE)
            return super().__next__()

        def close(self) -> None:
            super().close()
            closed.set()

    feed = feed_of(lambda ref, query: Following(()))
    thread = reader()
    assert waiting.wait(PATIENCE)
    feed.close()
    feed.close()
    thread.join(PATIENCE)
    assert not thread.is_alive() and feed.take() == []


def test_a_reader_waits_while_nobody_takes_what_it_has_read() -> None:
    endless = (LogLine(time_ns=0, stream="stdout", text="x" * 65_536, complete=False) for _ in iter(int, 1))
    feed = feed_of(lambda ref, query: ScriptedLines(endless))
    thread, taken = reader(), 0
    while taken < 3 * WAITING_MOST:
        size = sum(len(chunk.text) for chunk in feed.take())
        assert size <= WAITING_MOST + 65_536 + 1024
        taken += size
    feed.close()
    thread.join(PATIENCE)
    assert not thread.is_alive()
