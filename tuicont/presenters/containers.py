"""The Containers table: its columns, the filter and the title. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from tuicont.core.model.container import Container
from tuicont.core.model.limits import NO_LIMITS, Limits
from tuicont.core.model.rates import pressure_of
from tuicont.core.model.series import Series
from tuicont.core.model.snapshot import Snapshot
from tuicont.core.model.state import State
from tuicont.core.model.stats import Rates, Sample
from tuicont.presenters.cells import Cell, Span, cell
from tuicont.presenters.table import Align, Column, Order, Part, Table, lets_through
from tuicont.presenters.tones import Tone, of_use, of_waiting
from tuicont.text.units import age, bar, percent, plain, shorten, size, spark

NONE = cell("–", "muted")
_BAR = 6
_FIGURE = 6
_NO_SAMPLES = Series()
_LOOKS: dict[State, tuple[str, str, Tone]] = {
    State.CREATED: ("○", "created", "muted"),
    State.RUNNING: ("●", "running", "good"),
    State.PAUSED: ("❄", "frozen", "frozen"),
    State.EXITED: ("✖", "exit", "muted"),
}


class ContainerRow(NamedTuple):
    """What a row is drawn from. Only what runs has `sample`, `rates` and `recent`, its newest samples; `doing` is the
    verb that the engine is working on."""

    container: Container
    limits: Limits
    sample: Sample | None
    rates: Rates | None
    now_ns: int
    recent: Series = _NO_SAMPLES
    doing: str = ""


def row_of(container: Container, snapshot: Snapshot, doing: str = "") -> ContainerRow:
    """A container's row; a sample that is left of one that has ended is none."""
    limits = snapshot.limits.get(container.id, NO_LIMITS)
    if not container.state.alive:
        return ContainerRow(container, limits, None, None, snapshot.time_ns, doing=doing)
    sample, rates = snapshot.samples.get(container.id), snapshot.rates.get(container.id)
    recent = snapshot.recent.get(container.id, _NO_SAMPLES)
    return ContainerRow(container, limits, sample, rates, snapshot.time_ns, recent, doing)


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


# figures of a row, None where there is none


def _age(row: ContainerRow) -> int:
    """Nanoseconds since the state began."""
    container = row.container
    if container.state.alive:
        return row.now_ns - (container.started_ns or container.created_ns)
    return row.now_ns - (container.finished_ns or container.created_ns)


def _cpu(row: ContainerRow) -> float | None:
    return row.rates.cpu if row.rates else None


def _memory(row: ContainerRow) -> int | None:
    return row.sample.memory if row.sample and row.sample.memory >= 0 else None


def _pids(row: ContainerRow) -> int | None:
    return row.sample.pids if row.sample and row.sample.pids >= 0 else None


def _read(row: ContainerRow) -> float | None:
    return row.rates.read_bytes if row.rates else None


def _written(row: ContainerRow) -> float | None:
    return row.rates.write_bytes if row.rates else None


def _pressure(row: ContainerRow) -> float | None:
    return pressure_of(row.sample)[0] if row.container.state.alive else None


# cells


def _cpu_cell(row: ContainerRow, width: int) -> Cell:
    if row.rates is None:
        return NONE
    trend = row.recent.newest(width - _FIGURE + 1).cpu_percents()
    full = 100.0 * (row.limits.processors or 1.0)
    if trend and not row.limits.processors:
        full = max(full, *trend)
    used: Span = (f"{percent(row.rates.cpu):>5} ", of_use(row.rates.cpu / full, ""))
    return (used, (spark(trend, width - _FIGURE, full), "accent"))


def _cpu_width(width: int, rows: Sequence[ContainerRow]) -> int:
    """A figure of five cells, and a sparkline that grows with the table."""
    return _FIGURE + (8 if width < 120 else 14 if width < 160 else 20)


def _memory_cell(row: ContainerRow, width: int) -> Cell:
    used = _memory(row)
    if used is None or row.sample is None:
        return NONE
    # A limit that was just changed is known before the next sample.
    limit = row.limits.memory or row.sample.memory_limit
    figure: Span = (f"{size(used):>4} ", "")
    if limit <= 0:
        return (figure,)
    filled, rest = bar(used / limit, _BAR)
    return (figure, (filled, of_use(used / limit, "good")), (rest, "track"), (f" {size(limit):>4}", "muted"))


def _pressure_cell(row: ContainerRow, width: int) -> Cell:
    value, name = pressure_of(row.sample)
    return NONE if value < 0.5 else cell(f"{name} {percent(value)}", of_waiting(value, ""))


def _rate(value: float) -> str:
    return size(value) if value >= 1 else ""


def _figure(
    id: str,
    title: str,
    width: int,
    of: Callable[[ContainerRow], float | None],
    word: Callable[[float], str],
    since: int = 0,
) -> Column[ContainerRow]:
    """A column of numbers, the largest first; nothing to speak of is a dash."""

    def drawn(row: ContainerRow, width: int) -> Cell:
        value = of(row)
        return NONE if value is None or not word(value) else cell(word(value))

    return Column(
        id=id, title=title, width=width, align=Align.RIGHT, since=since, cell=drawn, order=Order(of, descending=True)
    )


TABLE: Table[ContainerRow] = Table(
    Column(
        id="name",
        title="name",
        cell=lambda row, width: cell(plain(shorten(row.container.name, width))),
        order=Order(lambda row: row.container.name),
    ),
    Column(
        id="state",
        title="state",
        width=10,
        cell=lambda row, _: state_cell(row.container, row.doing),
        order=Order(lambda row: (not row.container.state.alive, row.container.state.value)),
    ),
    Column(
        id="image",
        title="image",
        width=Part(most=24, needs=30),
        cell=lambda row, width: cell(plain(shorten(row.container.request.image, width)), "muted"),
        order=Order(lambda row: row.container.request.image),
    ),
    Column(id="cpu", title="cpu", width=_cpu_width, cell=_cpu_cell, order=Order(_cpu, descending=True)),
    Column(id="memory", title="memory", width=_BAR + 10, cell=_memory_cell, order=Order(_memory, descending=True)),
    _figure("pids", "pids", 4, _pids, str),
    _figure("read", "read/s", 6, _read, _rate, since=100),
    _figure("write", "write/s", 7, _written, _rate, since=100),
    Column(id="pressure", title="pressure", width=8, cell=_pressure_cell, order=Order(_pressure, descending=True)),
    Column(
        id="age",
        title="age",
        width=4,
        align=Align.RIGHT,
        cell=lambda row, _: cell(age(_age(row)), "muted"),
        order=Order(_age),
    ),
    gap=lambda width: 1 if width < 100 else 2,
)


def order(snapshot: Snapshot, sort: str, *, reverse: bool, query: str) -> list[Container]:
    """The containers that `query` lets through, by column `sort`; equal ones by name."""
    shown = sorted((c for c in snapshot.containers if matches(c, query)), key=lambda c: c.name)
    rows = TABLE.orders[sort].of((row_of(c, snapshot) for c in shown), reverse=reverse)
    return [row.container for row in rows]


def matches(container: Container, query: str) -> bool:
    """Whether `query` lets it through, by name, image, state or id."""

    def text() -> str:
        _, word, _ = _LOOKS[container.state]
        return f"{container.name} {container.request.image} {container.state.value} {word} {container.short_id}"

    return lets_through(query, text)


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
    return f"{text} ─ sort: {sort} {TABLE.orders[sort].arrow(reverse=reverse)}"
