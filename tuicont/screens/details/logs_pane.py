"""The logs tab: follows the selected container's log; time stamps, wrapping, filter, saving."""

from __future__ import annotations

import asyncio
import os
import re
from datetime import UTC, datetime
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType

from tuicont.actions import Scope
from tuicont.core.model.container import Container
from tuicont.core.model.snapshot import Snapshot
from tuicont.engine_access import EngineAccess
from tuicont.presenters.details.log_buffer import Chunk, Entry, LogBuffer
from tuicont.presenters.details.log_search import Search, count, find, selection
from tuicont.screens.details.log_feed import LogFeed
from tuicont.screens.details.pane import Pane
from tuicont.screens.details.search import pattern_of
from tuicont.text.units import counted
from tuicont.widgets.acting import Acting, Handlers, bindings_for
from tuicont.widgets.log_view import LogView

KEPT = 1_000_000
_COUNTED_MOST = 50_000
_BATCH_S = 0.05


class LogsPane(Acting, Pane):
    """One container's log at a time; it is read anew when another one is selected."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_for(Scope.LOGS)

    def __init__(self, bridge: EngineAccess) -> None:
        super().__init__(bridge, id="logs")
        self._all = LogBuffer(KEPT)
        self._view = LogView(self._all)
        self._container: Container | None = None
        self._feed: LogFeed | None = None
        self._filter: tuple[Search, bool] | None = None
        self._filter_text = ""
        self._trouble = ""
        view = self._view
        self.handlers: Handlers = {
            "log_follow": lambda: view.set_follow(not view.follow),
            "log_times": lambda: view.set_times(not view.times),
            "log_wrap": lambda: view.set_wrap(not view.wrap),
            "log_filter": lambda: self.post_message(self.Asked("filter", "only lines with", self._filter_text)),
            "log_save": lambda: self.post_message(
                self.Asked("save", "save to", f"{self._container.name if self._container else 'log'}.log")
            ),
        }

    def compose(self) -> ComposeResult:
        yield self._view

    @property
    def status(self) -> str:
        count = counted(len(self._all), "line")
        if self._filter is not None:
            count = f"{len(self._view.buffer):,} of {count} with {self._filter_text}"
        parts = [count, "following ●" if self._view.follow else "paused ○ G follows"]
        if self._trouble:
            parts[1] = self._trouble.partition("\n")[0]
        elif self._feed is not None and self._feed.ended:
            parts[1] = "the log has ended"
        parts += ["times"] if self._view.times else []
        parts += ["wrapped"] if self._view.wrap else []
        return " · ".join(parts)

    def show(self, container: Container, snapshot: Snapshot) -> None:
        before, self._container = self._container, container
        new = before is None or before.id != container.id
        started = before is not None and before.started_ns != container.started_ns
        ended = self._feed is not None and self._feed.ended
        if new or self._feed is None or (started and ended):
            self._open(container)
        elif self._feed.error is not None:
            self._take()
            self._follow(container)

    def hidden(self) -> None:
        self._close()

    def on_unmount(self) -> None:
        """The program ends, or the pane goes."""
        self._close()

    def _close(self) -> None:
        if self._feed is not None:
            self._feed.close()
            self._feed = None

    def _open(self, container: Container) -> None:
        self._close()
        self._all = LogBuffer(KEPT)
        self._view.set_buffer(self._filtered())
        self._view.empty_text, self._trouble = "reading …", ""
        self._follow(container)

    def _follow(self, container: Container) -> None:
        """Read on behind what there is."""
        self._close()
        since_ns = self._all[len(self._all) - 1].time_ns + 1 if len(self._all) else None
        loop = asyncio.get_running_loop()

        def wake() -> None:
            # Lines that come close together are drawn together, as a message: what fails in one is told.
            loop.call_soon_threadsafe(loop.call_later, _BATCH_S, self.call_later, self._take)

        self._feed = LogFeed(self.bridge.engine, container.id, KEPT, wake, since_ns=since_ns)
        self.post_message(self.StatusChanged())

    def _take(self) -> None:
        feed = self._feed
        if feed is None or not self.is_attached:
            return
        chunks = feed.take()
        self._trouble = self.bridge.told(feed.error) if feed.error is not None else ""
        if self._filter is None:
            self._view.extend(chunks)
        else:
            for chunk in chunks:
                self._all.extend(chunk)
            self._view.extend(self._matching(chunks))
        self._tell_nothing()
        self.post_message(self.StatusChanged())

    def _tell_nothing(self) -> None:
        """What stands where no line does."""
        read = self._feed is not None and (self._feed.ended or len(self._all))
        nothing = "it has written nothing" if read else "reading …"
        self._view.empty_text = self._trouble or (f"no line has {self._filter_text!r}" if self._filter else nothing)

    # filter

    def _matching(self, chunks: list[Chunk]) -> list[Chunk]:
        if self._filter is None:
            return chunks
        search, inverted = self._filter
        return [kept for chunk in chunks if (kept := selection(chunk, search, inverted=inverted)) is not None]

    def _filtered(self) -> LogBuffer:
        if self._filter is None:
            return self._all
        buffer = LogBuffer(KEPT)
        for chunk in self._matching(list(self._all.chunks)):
            buffer.extend(chunk)
        return buffer

    def _set_filter(self, text: str) -> None:
        self._filter_text = text
        pattern = pattern_of(text.removeprefix("!"))
        self._filter = (Search(pattern), text.startswith("!")) if pattern is not None else None
        self._view.set_buffer(self._filtered())
        self._tell_nothing()
        self.post_message(self.StatusChanged())

    # what the details ask of a pane

    def find(self, pattern: re.Pattern[str] | None) -> str:
        self._view.search(pattern)
        if pattern is None or len(self._view.buffer) > _COUNTED_MOST:
            return ""
        return counted(count(self._view.buffer.chunks, pattern), "line")

    def jump(self, step: int) -> bool:
        pattern, view = self._view.pattern, self._view
        if pattern is None:
            return False
        if len(view.buffer) > _COUNTED_MOST:
            self._find_far(pattern, step)
            return True
        found = find(view.buffer.chunks, pattern, view.search_start(step), step)
        if found is not None:
            view.show_found(found)
        return found is not None

    @work(exclusive=True, group="search")
    async def _find_far(self, pattern: re.Pattern[str], step: int) -> None:
        # Through a million lines it takes a while: the keys go on working meanwhile.
        view, buffer, dropped = self._view, self._view.buffer, self._view.buffer.dropped
        found = await self.bridge.call(find, buffer.chunks, pattern, view.search_start(step), step)
        if found is None:
            self.bridge.notify(f"nothing matches {pattern.pattern}")
        elif buffer is view.buffer:
            view.show_found(found - (buffer.dropped - dropped))

    def copied(self) -> tuple[str, str]:
        entries = self._view.visible_entries()
        return counted(len(entries), "line"), "\n".join(self._written(entry) for entry in entries)

    def _written(self, entry: Entry) -> str:
        return f"{_stamp(entry.time_ns)} {entry.text}" if self._view.times else entry.text

    def answered(self, purpose: str, text: str | None) -> None:
        if purpose == "filter" and text is not None:
            self._set_filter(text)
        elif purpose == "save" and text:
            self._save(os.path.expanduser(text))

    @work
    async def _save(self, path: str) -> None:
        buffer = self._view.buffer

        def write() -> int:
            # Never over a file that is there: a log is not worth it.
            with open(path, "x", encoding="utf-8") as file:
                for entry in buffer.entries(0, len(buffer)):
                    file.write(self._written(entry) + "\n")
            return len(buffer)

        try:
            count = await self.bridge.call(write)
        except (OSError, ValueError) as error:  # ValueError: a path with a NUL
            reason = error.strerror if isinstance(error, OSError) else ""
            self.bridge.notify(f"cannot save to {path}: {(reason or str(error)).lower()}")
        else:
            self.bridge.notify(f"saved {counted(count, 'line')} to {path}")

    def action_run(self, action_id: str) -> None:
        """Do it; the status may say something else then."""
        super().action_run(action_id)
        self.post_message(self.StatusChanged())

    def on_log_view_follow_changed(self, message: LogView.FollowChanged) -> None:
        """The user scrolled away from the end, or back."""
        message.stop()
        self.post_message(self.StatusChanged())


def _stamp(time_ns: int) -> str:
    return datetime.fromtimestamp(time_ns / 1e9, UTC).isoformat(timespec="milliseconds")
