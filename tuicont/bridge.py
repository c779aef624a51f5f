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
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from tuicont.core.engine.api import Engine, EventStream
from tuicont.core.errors import Conflict, EngineError
from tuicont.core.model.snapshot import Snapshot
from tuicont.messages import EngineFailed, EngineOpened, EventsArrived, SnapshotReady
from tuicont.opening import Opening

if TYPE_CHECKING:
    from textual.app import App
    from textual.message import Message

P = ParamSpec("P")
T = TypeVar("T")

_TOAST_LINES = 2
_STATE_INTERVAL = 0.03
"""Seconds between two refreshes of the states that a burst of events asks for."""
_RETRY_SECONDS = 1.0
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

    def report(self, error: BaseException) -> None:
        if self._app is None:
            raise error
        text = str(error) if isinstance(error, EngineError) else f"{type(error).__name__}: {error}"
        if text.count("\n") < _TOAST_LINES - 1 and len(text) <= 120:
            self._app.notify(text, severity="error", markup=False, timeout=8)
            return
        from tuicont.screens.dialogs.error import ErrorDialog

        self._app.push_screen(ErrorDialog(text))

    def notify(self, text: str) -> None:
        if self._app is not None:
            self._app.notify(text, markup=False, timeout=4)

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
            # At once, before whoever waits for the engine asks it for more.
            if self.snapshot is not None:
                self.post(SnapshotReady(self.snapshot))
            # Followed from before the first tick: nothing that happens in between is missed.
            self._stream = engine.events.follow()
        except BaseException as error:
            self.post(EngineFailed(error, fatal=True))
            return
        self.post(EngineOpened())
        # What has been imported stays: collections that never look at it again are a tenth as long.
        gc.freeze()
        gc.enable()
        threading.Thread(target=self._pump, args=(self._stream,), name="event-pump", daemon=True).start()
        failing = False
        next_tick = time.monotonic() + _FIRST_SAMPLE
        self._pause(next_tick)
        while not self._closed:
            now = time.monotonic()
            due = now >= next_tick
            if due:
                next_tick = now + self._interval
            try:
                self._publish(engine, whole=due)
                failing = False
            except Exception as error:  # a fault of one tick, of whatever kind, must not be the last of all ticks
                if not failing and not self._closed:
                    self.post(EngineFailed(error, fatal=False))
                failing = True
            self._pause(next_tick)

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

    def _pump(self, stream: EventStream) -> None:
        failing = False
        while not self._closed:
            try:
                events = stream.next(1.0)
                failing = False
            except Exception as error:  # on a full disk, say: told once, and tried again
                if not failing and not self._closed:
                    self.post(EngineFailed(error, fatal=False))
                failing = True
                with self._wake:
                    self._wake.wait_for(lambda: self._closed, _RETRY_SECONDS)
                continue
            if events:
                self.refresh_states()
                self.post(EventsArrived(events))
