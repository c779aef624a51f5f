"""The Containers table as pure functions: columns, cells, order, filter, title."""

from __future__ import annotations

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.doubles.scripted.engine import ScriptedEngine
from tests.doubles.scripted.world import SECOND
from tuicont.core.model.container import Container, RemovalLoss
from tuicont.core.model.event import Event
from tuicont.core.model.series import Series
from tuicont.core.model.stats import Sample
from tuicont.presenters import containers as rows
from tuicont.presenters.cells import Cell
from tuicont.presenters.events import words
from tuicont.presenters.loss import loss_text


def text(cell: Cell) -> str:
    return "".join(span for span, _ in cell)


def named(engine: ScriptedEngine, name: str) -> Container:
    return engine.containers.get(name)


@given(st.integers(78, 300))
def test_the_columns_fit_their_width(width: int) -> None:
    columns = rows.columns_for(width)
    assert sum(column.width for column in columns) + rows.gap_for(width) * (len(columns) - 1) <= width


def test_every_cell_fits_its_column() -> None:
    engine = ScriptedEngine(10)
    snapshot = engine.metrics.snapshot()
    for width in (78, 118, 158):
        columns = rows.columns_for(width)
        for c in snapshot.containers:
            sample, rates = snapshot.samples.get(c.id), snapshot.rates.get(c.id)
            drawn = rows.cells(c, columns, sample, rates, [5.0, 9.0], snapshot.time_ns)
            for column, cell in zip(columns, drawn, strict=True):
                assert len(text(cell)) <= column.width, (column, cell)


def test_what_does_not_run_shows_no_figures_even_when_a_sample_is_left() -> None:
    engine = ScriptedEngine()
    eater = named(engine, "eater")
    columns = rows.columns_for(78)
    drawn = rows.cells(eater, columns, engine.sample(eater, 3), engine.rates(eater, 3), [1.0], engine.now_ns)
    figures = {column.id: text(cell) for column, cell in zip(columns, drawn, strict=True)}
    assert figures["cpu"] == figures["memory"] == figures["pids"] == "–"
    assert figures["state"] == "✖ OOM 137"


def test_the_running_verb_stands_for_the_state() -> None:
    assert text(rows.state_cell(named(ScriptedEngine(), "web-1"), "stop")) == "◌ stop …"


def test_order_follows_the_figures_and_puts_what_does_not_run_last() -> None:
    engine = ScriptedEngine()
    snapshot = engine.metrics.snapshot()
    cpu = {c.name: snapshot.rates[c.id].cpu for c in snapshot.containers if c.state.alive}
    shown = [c.name for c in rows.order(snapshot, "cpu", reverse=False, query="")]
    assert shown[:3] == sorted(cpu, key=lambda name: -cpu[name])
    assert set(shown[3:]) == {"eater", "fresh"}
    assert [c.name for c in rows.order(snapshot, "cpu", reverse=True, query="")] == shown[::-1]


def test_every_column_can_be_sorted_by() -> None:
    snapshot = ScriptedEngine(7).metrics.snapshot()
    for column in rows.columns_for(158):
        assert len(rows.order(snapshot, column.id, reverse=False, query="")) == 7


def test_the_filter_looks_at_name_image_state_and_id() -> None:
    db = named(ScriptedEngine(), "db")
    for query in ("DB", "postgres", "paused", "frozen", db.id[:6], "!web", ""):
        assert rows.matches(db, query), query
    for query in ("web", "!db", "running"):
        assert not rows.matches(db, query), query


def test_the_trend_is_the_newest_of_what_the_processor_did() -> None:
    shares = [0, *range(30)]
    counted = [int(total * SECOND / 100) for total in accumulate(shares)]
    recent = Series.of([Sample(time_ns=n * SECOND, cpu_ns=cpu) for n, cpu in enumerate(counted)])
    assert rows.cpu_trend(recent) == pytest.approx(shares[-24:])
    assert rows.cpu_trend(recent.newest(1)) == []
    assert rows.cpu_trend(Series()) == []


def test_the_trend_ends_with_the_share_that_is_shown_beside_it() -> None:
    snapshot = ScriptedEngine().metrics.snapshot()
    for container_id, rates in snapshot.rates.items():
        assert rows.cpu_trend(snapshot.recent[container_id])[-1] == pytest.approx(rates.cpu)


def test_loss_is_told_for_one_and_for_many() -> None:
    loss = RemovalLoss(processes=7, bytes=12_000_000, files=40)
    nothing = RemovalLoss(processes=0, bytes=0, files=0)
    assert loss_text(["web"], [loss]) == "kills 7 processes; 12.0 MB of changes in 40 files are lost"
    assert loss_text(["web"], [nothing]) == "nothing runs in it and it changed no file"
    assert loss_text(["a", "b"], [loss, loss]).startswith("a, b\nkills 14 processes; 24.0 MB")
    assert loss_text(["a", "b"], [nothing, nothing]) == "a, b"


def test_events_are_told_in_words() -> None:
    def event(topic: str, **detail: str) -> Event:
        return Event(seq=1, time_ns=0, topic=topic, subject="x", name="web", detail=detail)

    assert words(event("/tasks/exit", exit_code="137", oom_killed="true")) == (
        "exited 137, killed by the OOM killer",
        "",
    )
    assert words(event("/tasks/paused", microseconds="600", processes="5")) == (
        "frozen",
        "confirmed in 0.6 ms · 5 processes",
    )
    assert words(event("/tasks/exec-started", exec_id="abc", command="\x1b[31msh")) == ("exec", "�[31msh")
    assert words(event("/containers/update", memory="67108864")) == ("limits changed", "memory 64M")
    assert words(event("/tasks/oom", killed="1", limit="16777216")) == (
        "killed by the OOM killer",
        "1 process · limit 16M",
    )
    assert words(event("/new/topic")) == ("/new/topic", "")
