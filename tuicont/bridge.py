"""Between the event loop and the engine: calls in threads, the sampler, the event pump, error reports.

Knows no container and no screen. Engine calls block, so each runs in a daemon thread of its own: a stop
that waits ten seconds neither holds up another call nor keeps the program from quitting.
"""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from tuicont.core.engine.api import Engine, EventStream
from tuicont.core.errors import Conflict, EngineError
from tuicont.core.model.event import Event
from tuicont.core.model.snapshot import Snapshot
from tuicont.messages import EVENTS, SAMPLES, EngineFailed, EngineOpened, EventsArrived, FeedTold, SnapshotReady
from tuicont.opening import Opening
from tuicont.presenters.faults import place, words
from tuicont.text.units import visible

if TYPE_CHECKING:
    from textual.app import App
    from textual.message import Message

P = ParamSpec("P")
T = TypeVar("T")

_TOAST_LINES = 2
_STATE_INTERVAL = 0.03
"""Seconds between two refreshes of the states that a burst of events asks for."""
_RETRY_SECONDS = 1.0
_FAULTS_MOST = 20
_FIRST_SAMPLE = 0.1
"""Seconds from the first picture, which has names and states, to the first samples: opening some ten files of each
container takes as long as to draw it, and rates need a second sample anyway."""


class Bridge:
    """Implements `tuicont.engine_access.EngineAccess` for one application."""

    def __init__(self, opening: Opening, *, interval: float = 1.0, read_only: bool = False) -> None:
        self.read_only = read_only
        self._opening = opening
        self._interval = interval
        self._app: App[int] | None = None
        self._snapshot: Snapshot | None = None
        self._stream: EventStream | None = None
        self._wake = threading.Condition()
        self._states_changed = False
        self._closed = False
        self._failing: set[str] = set()
        self.faults: dict[str, str] = {}
        """What this program did wrong: tracebacks by their places, of each the first."""

    @property
    def engine(self) -> Engine:
        if self._opening.engine is None:
            raise Conflict("use the engine", "it is still being opened")
        return self._opening.engine

    @property
    def snapshot(self) -> Snapshot | None:
        return self._snapshot or self._opening.snapshot

    def start(self, app: App[int]) -> None:
        """Begin: wait for the engine, then sample and follow events until `close`."""
        self._app = app
        threading.Thread(target=self._sample, name="sampler", daemon=True).start()

    def close(self) -> None:
        """Stop the threads. The engine belongs to whoever opened it."""
        with self._wake:
            self._closed = True
            self._wake.notify_all()
        if self._stream is not None:
            self._stream.close()

    async def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()

        def settle(value: T | None, error: BaseException | None) -> None:
            if future.done():
                return
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(value)  # type: ignore[arg-type]

        def run() -> None:
            value: T | None = None
            failure: BaseException | None = None
            try:
                value = function(*args, **kwargs)
            except StopIteration as error:  # a future refuses to carry it
                failure = RuntimeError(f"unexpected end of iteration: {error}")
            except BaseException as error:
                failure = error
            if not loop.is_closed():
                loop.call_soon_threadsafe(settle, value, failure)

        threading.Thread(target=run, name=getattr(function, "__name__", "call"), daemon=True).start()
        return await future

    @property
    def started(self) -> bool:
        """Whether there is an application that can show what is reported."""
        return self._app is not None

    def told(self, error: BaseException) -> str:
        if not isinstance(error, EngineError) and not self._is_known(error):
            import traceback

            self.faults[place(error)] = visible("".join(traceback.format_exception(error)))
        return words(error)

    def _is_known(self, fault: BaseException) -> bool:
        return place(fault) in self.faults or len(self.faults) >= _FAULTS_MOST

    def report(self, error: BaseException, *, again: bool = True) -> None:
        if self._app is None:
            raise error
        if not again and not isinstance(error, EngineError) and self._is_known(error):
            return
        text = self.told(error)
        if text.count("\n") < _TOAST_LINES - 1 and len(text) <= 120:
            self._app.notify(text, severity="error", timeout=8)
            return
        from tuicont.screens.dialogs.error import ErrorDialog

        trace = "" if isinstance(error, EngineError) else self.faults.get(place(error), "")
        self._app.push_screen(ErrorDialog(text, trace))

    def notify(self, text: str) -> None:
        if self._app is not None:
            self._app.notify(text, timeout=4)

    def post(self, message: Message) -> None:
        if self._app is not None:
            self._app.post_message(message)

    def refresh_states(self) -> None:
        """Read the containers' states again at once: somebody changed one."""
        with self._wake:
            self._states_changed = True
            self._wake.notify_all()

    # threads

    def _sample(self) -> None:
        try:
            engine = self._opening.result()
        except BaseException as error:
            self.post(EngineFailed(error))
            return
        # At once, before whoever waits for the engine asks it for more.
        if self.snapshot is not None:
            self.post(SnapshotReady(self.snapshot))
        # Followed from before the first tick: nothing that happens in between is missed.
        self._attempt(EVENTS, lambda: self._follow(engine))
        self.post(EngineOpened())
        # What has been imported stays: collections that never look at it again are a tenth as long.
        gc.freeze()
        gc.enable()
        threading.Thread(target=self._pump, args=(engine,), name="event-pump", daemon=True).start()
        next_tick = time.monotonic() + _FIRST_SAMPLE
        self._pause(next_tick)
        while not self._closed:
            now = time.monotonic()
            due = now >= next_tick
            if due:
                next_tick = now + self._interval
            self._attempt(SAMPLES, partial(self._publish, engine, whole=due))
            self._pause(next_tick)

    def _attempt(self, feed: str, turn: Callable[[], object]) -> bool:
        """One turn of a feed; whether it succeeded. A failure, of whatever kind, is never its last turn: it is told
        once, and so is the first turn that succeeds again."""
        try:
            turn()
        except Exception as error:
            if feed not in self._failing and not self._closed:
                self._failing.add(feed)
                self.post(FeedTold(feed, error))
            return False
        if feed in self._failing:
            self._failing.discard(feed)
            self.post(FeedTold(feed, None))
        return True

    def _publish(self, engine: Engine, *, whole: bool) -> None:
        self._states_changed = False
        last = self.snapshot
        # Rates need a whole interval between two samples: between ticks only the states are read.
        snapshot = engine.metrics.snapshot() if whole or last is None else engine.metrics.refreshed(last)
        self._snapshot = snapshot
        self.post(SnapshotReady(snapshot))

    def _pause(self, until: float) -> None:
        """Sleep to the next tick, or to a change of state, but no shorter than a burst of events lasts."""
        with self._wake:
            if self._wake.wait_for(lambda: self._closed, _STATE_INTERVAL):
                return
            self._wake.wait_for(lambda: self._closed or self._states_changed, max(0.0, until - time.monotonic()))

    def _follow(self, engine: Engine) -> EventStream:
        if self._stream is None:
            self._stream = engine.events.follow()
            if self._closed:
                self._stream.close()
        return self._stream

    def _pump(self, engine: Engine) -> None:
        while not self._closed:
            if not self._attempt(EVENTS, lambda: self._arrive(self._follow(engine).next(1.0))):
                with self._wake:
                    self._wake.wait_for(lambda: self._closed, _RETRY_SECONDS)

    def _arrive(self, events: tuple[Event, ...]) -> None:
        if events:
            self.refresh_states()
            self.post(EventsArrived(events))
