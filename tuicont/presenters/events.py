"""Events as rows: a time, a glyph, who, and what happened in words. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from tuicont.core.model.event import Event, Topic
from tuicont.presenters.cells import Cell, cell
from tuicont.presenters.table import Column, Rest, Table, lets_through
from tuicont.presenters.tones import Tone
from tuicont.text.units import clock, counted, plain, shorten, size


class Look(NamedTuple):
    """How a topic is shown, and the word for what happened."""

    glyph: str
    tone: Tone
    word: str


LOOKS: Mapping[str, Look] = {
    Topic.CONTAINER_CREATE: Look("○", "muted", "created"),
    Topic.CONTAINER_UPDATE: Look("◇", "accent", "limits changed"),
    Topic.CONTAINER_RENAME: Look("◇", "accent", "renamed"),
    Topic.CONTAINER_DELETE: Look("−", "muted", "removed"),
    Topic.TASK_START: Look("●", "good", "started"),
    Topic.TASK_EXIT: Look("✖", "warn", "exited"),
    Topic.TASK_OOM: Look("✖", "bad", "killed by the OOM killer"),
    Topic.TASK_PAUSED: Look("❄", "frozen", "frozen"),
    Topic.TASK_RESUMED: Look("●", "good", "thawed"),
    Topic.TASK_KILL: Look("!", "warn", "signalled"),
    Topic.EXEC_STARTED: Look("›", "accent", "exec"),
    Topic.EXEC_EXIT: Look("‹", "muted", "exec ended"),
    Topic.IMAGE_CREATE: Look("▣", "accent", "image stored"),
    Topic.IMAGE_DELETE: Look("□", "muted", "image removed"),
    Topic.ENGINE_REPAIR: Look("✚", "warn", "repaired"),
}
"""Of every topic."""
_GOOD_END = Look("■", "muted", "exited")
_DIGITS_MOST = 20
"""Of a number that the kernel can have counted; Python takes no text of thousands for one."""
_UNSAID = frozenset({"exec_id", "labels"})
_SIZES = frozenset({"memory", "memory_swap", "memory_reservation", "limit", "bytes"})


def _about(event: Event, width: int) -> Cell:
    look = _look(event)
    return ((f"{look.glyph} ", look.tone), (plain(shorten(event.name, width - 2)), ""))


def _what(event: Event, width: int) -> Cell:
    tone = _look(event).tone
    word, details = words(event)
    return ((word, tone if tone != "muted" else ""), (f" {details}" if details else "", "muted"))


TABLE: Table[Event] = Table(
    Column(id="time", title="time", width=8, cell=lambda event, _: cell(clock(event.time_ns), "muted")),
    Column(id="name", title="about", width=lambda width, _: 18 if width < 100 else 26, cell=_about),
    Column(id="what", title="what happened", width=Rest(10), cell=_what),
    Column(
        id="topic",
        title="topic",
        width=20,
        since=100,
        cell=lambda event, _: cell(plain(shorten(event.topic, 20)), "muted"),
    ),
    gap=1,
)


def words(event: Event) -> tuple[str, str]:
    """What happened, and its details: ("exited 137", "signal SIGKILL")."""
    word = _look(event).word
    detail = dict(event.detail)
    if event.topic == Topic.TASK_EXIT and "exit_code" in detail:
        word = f"exited {detail.pop('exit_code')}"
        if detail.get("oom_killed", "").lower() in ("true", "1"):
            word += ", killed by the OOM killer"
        detail.pop("oom_killed", None)
    details = (_detail(name, value) for name, value in detail.items() if value and name not in _UNSAID)
    return plain(word), plain(" · ".join(details))


def _look(event: Event) -> Look:
    if event.topic == Topic.TASK_EXIT and event.detail.get("exit_code") == "0":
        return _GOOD_END
    return LOOKS.get(event.topic) or Look("·", "muted", event.topic)


def _detail(name: str, value: str) -> str:
    """One detail in words: `confirmed in 0.6 ms`, `memory 64M`."""
    words = name.replace("_", " ")
    if name in ("command", "signal"):
        return value
    if name == "old_name":
        return f"from {value}"
    if not value.isdecimal() or len(value) > _DIGITS_MOST:
        return f"{words} {value}"
    if name == "microseconds":
        return f"confirmed in {int(value) / 1000:.1f} ms"
    if name in ("processes", "killed"):
        return counted(int(value), "process", "processes")
    return f"{words} {size(int(value)) if name in _SIZES else value}"


def matches(event: Event, query: str) -> bool:
    """Whether `query` lets it through, by name, topic, words or id."""
    return lets_through(query, lambda: " ".join((event.name, event.topic, *words(event), event.subject[:12])))
