"""The Containers table as pure functions: columns, cells, order, filter, title."""

from __future__ import annotations

from itertools import accumulate

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from tests.doubles.scripted.engine import ScriptedEngine
from tests.doubles.scripted.world import SECOND
from tuicont.core.model.container import Container, RemovalLoss
from tuicont.core.model.limits import Limits
from tuicont.core.model.series import Series
from tuicont.core.model.state import State
from tuicont.core.model.stats import Sample
from tuicont.presenters import containers as rows
from tuicont.presenters.cells import Cell
from tuicont.presenters.sentences import loss_text


def text(cell: Cell) -> str:
    return "".join(span for span, _ in cell)


def named(engine: ScriptedEngine, name: str) -> Container:
    return engine.containers.get(name)


@given(st.integers(78, 300))
def test_the_columns_fit_their_width(width: int) -> None:
    columns, gap = rows.TABLE.place(width)
    assert sum(cells for _, cells in columns) + gap * (len(columns) - 1) <= width


def test_every_cell_fits_its_column() -> None:
    engine = ScriptedEngine(10)
    snapshot = engine.metrics.snapshot()
    for width in (78, 118, 158):
        placing = rows.TABLE.place(width)
        for c in snapshot.containers:
            drawn = placing.cells(rows.row_of(c, snapshot))
            for (column, cells), cell in zip(placing.columns, drawn, strict=True):
                assert len(text(cell)) <= cells, (column, cell)


def test_what_does_not_run_shows_no_figures_even_when_a_sample_is_left() -> None:
    engine = ScriptedEngine()
    eater = named(engine, "eater")
    left = {"samples": {eater.id: engine.sample(eater, 3)}, "rates": {eater.id: engine.rates(eater, 3)}}
    snapshot = msgspec.structs.replace(engine.metrics.snapshot(), **left)
    placing = rows.TABLE.place(78)
    drawn = placing.cells(rows.row_of(eater, snapshot))
    figures = {placed.column.id: text(cell) for placed, cell in zip(placing.columns, drawn, strict=True)}
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
    for column, _ in rows.TABLE.place(158).columns:
        assert len(rows.order(snapshot, column.id, reverse=False, query="")) == 7


def test_no_container_is_without_a_look() -> None:
    engine = ScriptedEngine()
    for state in State:
        shown = text(rows.state_cell(msgspec.structs.replace(named(engine, "web-1"), state=state)))
        assert shown[0] in "○●❄✖■" and shown[1] == " ", (state, shown)


def test_the_filter_looks_at_name_image_state_and_id() -> None:
    db = named(ScriptedEngine(), "db")
    for query in ("DB", "postgres", "paused", "frozen", db.id[:6], "!web", ""):
        assert rows.matches(db, query), query
    for query in ("web", "!db", "running"):
        assert not rows.matches(db, query), query


def cpu_cell(engine: ScriptedEngine, recent: Series, limits: Limits) -> str:
    web = named(engine, "web-1")
    snapshot = msgspec.structs.replace(
        engine.metrics.snapshot(),
        recent={web.id: recent},
        limits={web.id: limits},
        rates={web.id: engine.rates(web, 3)},
    )
    (column,) = (column for column, _ in rows.TABLE.place(80).columns if column.id == "cpu")
    return text(column.cell(rows.row_of(web, snapshot), 14))


def test_beside_the_share_is_a_sparkline_of_the_newest() -> None:
    engine = ScriptedEngine()
    counted = [int(total * SECOND / 100) for total in accumulate([100] * 12 + [0, 25, 50, 75, 100, 50, 0])]
    recent = Series.of([Sample(time_ns=n * SECOND, cpu_ns=cpu) for n, cpu in enumerate(counted)])
    assert cpu_cell(engine, recent, Limits()).endswith("█▁▃▅▆█▅▁")
    assert cpu_cell(engine, recent, Limits(cpus=4.0)).endswith("▃▁▁▂▂▃▂▁")
    assert cpu_cell(engine, recent.newest(1), Limits()).strip().count("%") == 1


def test_loss_is_told_for_one_and_for_many() -> None:
    loss = RemovalLoss(processes=7, bytes=12_000_000, files=40)
    nothing = RemovalLoss(processes=0, bytes=0, files=0)
    assert loss_text(["web"], [loss]) == "kills 7 processes; 12.0 MB of changes in 40 files are lost"
    assert loss_text(["web"], [nothing]) == "nothing runs in it and it changed no file"
    assert loss_text(["a", "b"], [loss, loss]).startswith("a, b\nkills 14 processes; 24.0 MB")
    assert loss_text(["a", "b"], [nothing, nothing]) == "a, b"
