"""Between engine and application: what fails once is told once, and ends nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from tests.doubles.scripted.engine import ScriptedEngine, ScriptedStream
from tuicont.bridge import Bridge
from tuicont.core.errors import KernelError
from tuicont.messages import EventsArrived, FeedTold
from tuicont.opening import Opening


class Application:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[object] = []
        self._changed = threading.Condition()

    def post_message(self, message: object) -> None:
        with self._changed:
            self.told.append(message)
            self._changed.notify_all()

    def until(self, condition: Callable[[], object]) -> None:
        with self._changed:
            assert self._changed.wait_for(condition, 20)

    def of(self, kind: type) -> list[object]:
        return [message for message in self.told if isinstance(message, kind)]


def test_the_feed_of_events_goes_on_after_a_failure_that_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tuicont.bridge._RETRY_SECONDS", 0.01)
    failures = 3
    next_events = ScriptedStream.next

    def failing(stream: ScriptedStream, timeout: float | None = None) -> object:
        nonlocal failures
        if failures:
            failures -= 1
            raise KernelError("use the state database", "disk I/O error")
        return next_events(stream, timeout)

    monkeypatch.setattr(ScriptedStream, "next", failing)
    engine, application = ScriptedEngine(), Application()
    bridge = Bridge(Opening(lambda: engine), interval=3600)
    bridge.start(application)  # type: ignore[arg-type]
    try:
        application.until(lambda: failures == 0)
        engine.tasks.stop("web-1")
        application.until(lambda: application.of(EventsArrived))
        assert [bool(told.error) for told in application.of(FeedTold)] == [True, False]
    finally:
        bridge.close()
