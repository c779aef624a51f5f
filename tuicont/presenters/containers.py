"""The Containers table: columns for a width, cells of a row, order, filter and title. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise

from tuicont.core.model.container import Container
from tuicont.core.model.limits import NO_LIMITS, Limits
from tuicont.core.model.state import State
from tuicont.core.model.stats import Rates, Sample, Snapshot
from tuicont.presenters.cells import Cell, Column, Span, cell
from tuicont.presenters.tones import Tone, of_use, of_waiting
from tuicont.text.units import age, bar, percent, plain, shorten, size, spark

NONE = cell("–", "muted")
_BAR = 6
_DESCENDING = frozenset({"cpu", "memory", "pids", "read", "write", "pressure"})
_LOOKS: dict[State, tuple[str, str, Tone]] = {
    State.CREATED: ("○", "created", "muted"),
    State.RUNNING: ("●", "running", "good"),
    State.PAUSED: ("❄", "frozen", "frozen"),
    State.EXITED: ("✖", "exit", "muted"),
}


@lru_cache(maxsize=8)
def columns_for(width: int) -> tuple[Column, ...]:
    """The columns that fit into `width` cells with a gap of one (two from 100 on); the name takes what is left."""
    gap = gap_for(width)
    spark_width = 8 if width < 120 else 14 if width < 160 else 20
    fixed = [
        Column("state", "state", 10),
        Column("cpu", "cpu", 6 + spark_width),
        Column("memory", "memory", _BAR + 10),
        Column("pids", "pids", 4, right=True),
    ]
    if width >= 100:
        fixed += [Column("read", "read/s", 6, right=True), Column("write", "write/s", 7, right=True)]
    fixed += [Column("pressure", "pressure", 8), Column("age", "age", 4, right=True)]
    left = width - sum(column.width + gap for column in fixed)
    if left >= 30:
        image = min(24, left // 2 - gap)
        return (Column("name", "name", left - image - gap), fixed[0], Column("image", "image", image), *fixed[1:])
    return (Column("name", "name", max(left, 8)), *fixed)


def gap_for(width: int) -> int:
    """Cells between two columns."""
    return 1 if width < 100 else 2


def state_cell(container: Container, doing: str = "") -> Cell:
    """A container's state by glyph and word: `✖ OOM 137`; or what is being done to it: `◌ stop …`."""
    if doing:
        return ((f"◌ {doing} …", "warn"),)
    glyph, word, tone = _LOOKS[container.state]
    status = container.exit
    if container.state is State.EXITED and status is not None:
        word = f"OOM {status.code}" if status.oom_killed else f"exit {status.code}"
        glyph, tone = (glyph, "bad") if status.code else ("■", tone)
    elif container.state is State.CREATED and container.error:
        glyph, word, tone = "✖", "failed", "bad"
    return ((f"{glyph} {word}", tone),)


def cells(
    container: Container,
    columns: Sequence[Column],
    sample: Sample | None,
    rates: Rates | None,
    cpu_history: Sequence[float],
    now_ns: int,
    doing: str = "",
    *,
    limits: Limits = NO_LIMITS,
) -> tuple[Cell, ...]:
    """One row, in the order of `columns`; `doing` is the verb that the engine is working on."""
    if not container.state.alive:
        sample = rates = None
    drawn: list[Cell] = []
    for column in columns:
        match column.id:
            case "name":
                drawn.append(cell(shorten(container.name, column.width)))
            case "state":
                drawn.append(state_cell(container, doing))
            case "image":
                drawn.append(cell(shorten(plain(container.request.image), column.width), "muted"))
            case "cpu":
                drawn.append(_cpu(limits, rates, cpu_history, column.width - 6))
            case "memory":
                drawn.append(_memory(sample, limits.memory))
            case "pids":
                drawn.append(NONE if sample is None or sample.pids < 0 else cell(str(sample.pids)))
            case "read":
                drawn.append(_rate(rates.read_bytes if rates else 0.0))
            case "write":
                drawn.append(_rate(rates.write_bytes if rates else 0.0))
            case "pressure":
                drawn.append(_pressure(sample))
            case _:
                drawn.append(cell(age(now_ns - _since(container)), "muted"))
    return tuple(drawn)


def cpu_trend(history: Sequence[Sample], length: int) -> list[float]:
    """Percent of one processor between each two of the last samples."""
    recent = history[-length - 1 :]
    return [
        100 * max(new.cpu_ns - old.cpu_ns, 0) / (new.time_ns - old.time_ns)
        for old, new in pairwise(recent)
        if new.time_ns > old.time_ns
    ]


def _since(container: Container) -> int:
    if container.state.alive:
        return container.started_ns or container.created_ns
    return container.finished_ns or container.created_ns


def _cpu(limits: Limits, rates: Rates | None, history: Sequence[float], width: int) -> Cell:
    if rates is None:
        return NONE
    full = 100.0 * (limits.cpus or 1.0)
    if history and not limits.cpus:
        full = max(full, *history)
    share = rates.cpu / full
    return ((f"{percent(rates.cpu):>5} ", of_use(share, "")), (spark(list(history), width, full), "accent"))


def _memory(sample: Sample | None, own_limit: int | None) -> Cell:
    if sample is None or sample.memory < 0:
        return NONE
    used: Span = (f"{size(sample.memory):>4} ", "")
    # A limit that was just changed is known before the next sample.
    limit = own_limit or sample.memory_limit
    if limit <= 0:
        return (used,)
    part = sample.memory / limit
    filled, rest = bar(part, _BAR)
    return (used, (filled, of_use(part, "good")), (rest, "track"), (f" {size(limit):>4}", "muted"))


def _rate(value: float) -> Cell:
    return cell(size(value)) if value >= 1 else NONE


def pressure_of(sample: Sample | None) -> tuple[float, str]:
    """The highest share of time (percent, ten seconds) in which tasks waited, and for what."""
    if sample is None:
        return 0.0, ""
    found = (
        (sample.cpu_pressure, "cpu"),
        (sample.memory_pressure, "mem"),
        (sample.io_pressure, "io"),
    )
    return max(((p.some_avg10, name) for p, name in found if p is not None), default=(0.0, ""))


def _pressure(sample: Sample | None) -> Cell:
    value, name = pressure_of(sample)
    if value < 0.5:
        return NONE
    return cell(f"{name} {percent(value)}", of_waiting(value, ""))


def order(snapshot: Snapshot, sort: str, *, reverse: bool, query: str) -> list[Container]:
    """The containers that `query` lets through, by column `sort`; equal ones by name."""
    shown = [c for c in snapshot.containers if matches(c, query)]
    shown.sort(key=lambda c: c.name)
    if sort != "name":
        rates, samples = snapshot.rates, snapshot.samples
        key = {
            "state": lambda c: (not c.state.alive, c.state.value),
            "image": lambda c: c.request.image,
            "age": lambda c: -_since(c),
            "cpu": lambda c: -r.cpu if (r := rates.get(c.id)) and c.state.alive else 1.0,
            "read": lambda c: -r.read_bytes if (r := rates.get(c.id)) and c.state.alive else 1.0,
            "write": lambda c: -r.write_bytes if (r := rates.get(c.id)) and c.state.alive else 1.0,
            "memory": lambda c: -s.memory if (s := samples.get(c.id)) and c.state.alive else 1,
            "pids": lambda c: -s.pids if (s := samples.get(c.id)) and c.state.alive else 1,
            "pressure": lambda c: -pressure_of(samples.get(c.id))[0] if c.state.alive else 1.0,
        }[sort]
        shown.sort(key=key)
    if reverse:
        shown.reverse()
    return shown


def arrow(sort: str, *, reverse: bool) -> str:
    """Which way a column is sorted, as its title shows it."""
    return "↑" if (sort in _DESCENDING) == reverse else "↓"


def matches(container: Container, query: str) -> bool:
    """Whether name, image, state or id contains `query`; a leading `!` inverts. Case is ignored."""
    wanted = query.strip().lower()
    inverted = wanted.startswith("!")
    wanted = wanted.removeprefix("!").strip()
    if not wanted:
        return True
    _, word, _ = _LOOKS[container.state]
    text = f"{container.name} {container.request.image} {container.state.value} {word} {container.short_id}"
    return (wanted in text.lower()) != inverted


def title(containers: Iterable[Container], *, shown: int, marked: int, query: str, sort: str, reverse: bool) -> str:
    """What stands on the table's upper edge: `containers ─ 5 · 3 running · 1 frozen ─ sort: cpu ↓`."""
    states = [c.state for c in containers]
    running, frozen = states.count(State.RUNNING), states.count(State.PAUSED)
    counts = [str(len(states)) if shown == len(states) else f"{shown} of {len(states)}"]
    counts += [f"{running} running"] if running else []
    counts += [f"{frozen} frozen"] if frozen else []
    counts += [f"{marked} marked"] if marked else []
    text = f"containers ─ {' · '.join(counts)}"
    if query:
        text += f" ─ filter: {plain(query)}"
    return f"{text} ─ sort: {sort} {arrow(sort, reverse=reverse)}"
