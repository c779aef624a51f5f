"""Events as rows: a time, a glyph, who, and what happened in words. Pure."""

from __future__ import annotations

from tuicont.core.model.event import Event
from tuicont.presenters.cells import Cell, Column, cell
from tuicont.presenters.tones import Tone
from tuicont.text.units import clock, plain, shorten, size

_LOOKS: dict[str, tuple[str, Tone, str]] = {
    "/containers/create": ("○", "muted", "created"),
    "/containers/update": ("◇", "accent", "limits changed"),
    "/containers/rename": ("◇", "accent", "renamed"),
    "/containers/delete": ("−", "muted", "removed"),
    "/tasks/start": ("●", "good", "started"),
    "/tasks/exit": ("✖", "warn", "exited"),
    "/tasks/oom": ("✖", "bad", "killed by the OOM killer"),
    "/tasks/paused": ("❄", "frozen", "frozen"),
    "/tasks/resumed": ("●", "good", "thawed"),
    "/tasks/exec-started": ("›", "accent", "exec"),
    "/tasks/exec-exit": ("‹", "muted", "exec ended"),
    "/tasks/kill": ("!", "warn", "signalled"),
    "/images/create": ("▣", "accent", "image stored"),
    "/images/delete": ("□", "muted", "image removed"),
    "/snapshot/prepare": ("+", "muted", "root file system prepared"),
    "/snapshot/remove": ("−", "muted", "root file system removed"),
    "/engine/repair": ("✚", "warn", "repaired"),
}

_GOOD_END: tuple[str, Tone, str] = ("■", "muted", "exited")
_UNSAID = frozenset({"exec_id"})
_SIZES = frozenset({"memory", "memory_swap", "memory_reservation", "limit", "bytes"})


def columns_for(width: int) -> tuple[Column, ...]:
    """Time, glyph and name, then what happened; the topic too where there is room."""
    name = 16 if width < 100 else 24
    fixed = [Column("time", "time", 8, sortable=False), Column("name", "about", name + 2, sortable=False)]
    topic = [Column("topic", "topic", 20, sortable=False)] if width >= 100 else []
    left = width - sum(c.width + 1 for c in (*fixed, *topic))
    return (*fixed, Column("what", "what happened", max(left, 10), sortable=False), *topic)


def cells(event: Event, columns: tuple[Column, ...]) -> tuple[Cell, ...]:
    """One row, in the order of `columns`."""
    glyph, tone, _ = _look(event)
    drawn: list[Cell] = []
    for column in columns:
        match column.id:
            case "time":
                drawn.append(cell(clock(event.time_ns), "muted"))
            case "name":
                drawn.append(((f"{glyph} ", tone), (shorten(plain(event.name), column.width - 2), "")))
            case "what":
                word, details = words(event)
                drawn.append(((word, tone if tone != "muted" else ""), (f" {details}" if details else "", "muted")))
            case _:
                drawn.append(cell(event.topic, "muted"))
    return tuple(drawn)


def words(event: Event) -> tuple[str, str]:
    """What happened, and its details: ("exited 137", "signal SIGKILL")."""
    _, _, word = _look(event)
    detail = dict(event.detail)
    if event.topic == "/tasks/exit" and "exit_code" in detail:
        word = f"exited {detail.pop('exit_code')}"
        if detail.get("oom_killed", "").lower() in ("true", "1"):
            word += ", killed by the OOM killer"
        detail.pop("oom_killed", None)
    details = (_detail(name, value) for name, value in detail.items() if value and name not in _UNSAID)
    return plain(word), plain(" · ".join(details))


def _look(event: Event) -> tuple[str, Tone, str]:
    """Glyph, tone and word."""
    if event.topic == "/tasks/exit" and event.detail.get("exit_code") == "0":
        return _GOOD_END
    return _LOOKS.get(event.topic, ("·", "muted", event.topic))


def _detail(name: str, value: str) -> str:
    """One detail in words: `confirmed in 0.6 ms`, `memory 64M`."""
    words = name.replace("_", " ")
    if name in ("command", "signal"):
        return value
    if name == "old_name":
        return f"from {value}"
    if not value.isdigit():
        return f"{words} {value}"
    if name == "microseconds":
        return f"confirmed in {int(value) / 1000:.1f} ms"
    if name in ("processes", "killed"):
        return f"{value} {'process' if value == '1' else 'processes'}"
    return f"{words} {size(int(value)) if name in _SIZES else value}"


def about_container(event: Event) -> bool:
    """Whether its subject is a container."""
    return event.topic.startswith(("/containers/", "/tasks/", "/snapshot/"))


def matches(event: Event, query: str) -> bool:
    """Whether name, topic or words contain `query`; a leading `!` inverts. Case is ignored."""
    wanted = query.strip().lower()
    inverted = wanted.startswith("!")
    wanted = wanted.removeprefix("!").strip()
    if not wanted:
        return True
    text = " ".join((event.name, event.topic, *words(event), event.subject[:12])).lower()
    return (wanted in text) != inverted
