"""A table made of its columns: which there is room for, how wide they are, how rows are ordered by one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tuicont.presenters.cells import Cell, cell
from tuicont.presenters.table import Column, Order, Part, Rest, Table, lets_through

ROWS = (("pear", 3), ("fig", None), ("apple", 7), ("plum", 3))


def name_of(row: tuple[str, int | None], width: int) -> Cell:
    return cell(row[0][:width])


def widths(table: Table[tuple[str, int | None]], width: int) -> dict[str, int]:
    return {column.id: cells for column, cells in table.place(width, ROWS).columns}


def table(*columns: Column[tuple[str, int | None]]) -> Table[tuple[str, int | None]]:
    return Table(*columns, gap=1)


NAME = Column(id="name", title="name", cell=name_of, width=Rest(5), order=Order(lambda row: row[0]))
COUNT = Column(id="count", title="n", cell=name_of, width=4, order=Order(lambda row: row[1], descending=True))
NOTE = Column(id="note", title="note", cell=name_of, width=Part(most=8, needs=20))
LATE = Column(id="late", title="late", cell=name_of, width=6, since=30)
LONGEST = Column(
    id="longest", title="", cell=name_of, width=lambda width, rows: min(max(len(name) for name, _ in rows), width // 2)
)


def test_one_column_takes_what_the_others_leave() -> None:
    assert widths(table(NAME, COUNT), 20) == {"name": 15, "count": 4}
    assert widths(table(NAME, COUNT), 6) == {"name": 5, "count": 4}


def test_a_column_that_needs_room_is_left_out_where_there_is_none() -> None:
    assert widths(table(NAME, NOTE, COUNT), 24) == {"name": 19, "count": 4}
    assert widths(table(NAME, NOTE, COUNT), 25) == {"name": 11, "note": 8, "count": 4}
    needing = Column(id="name", title="", cell=name_of, width=Rest(5, needs=10))
    assert widths(table(needing, COUNT), 14) == {"count": 4}


def test_a_column_can_wait_for_a_wider_table_and_be_as_wide_as_its_rows() -> None:
    assert widths(table(NAME, LATE), 29) == {"name": 29}
    assert widths(table(NAME, LATE), 30) == {"name": 23, "late": 6}
    assert widths(table(LONGEST, NAME), 30) == {"longest": 5, "name": 24}
    assert widths(table(LONGEST, NAME), 8)["longest"] == 4


@given(st.integers(15, 300))
def test_columns_and_gaps_fill_the_width(width: int) -> None:
    placing = table(NAME, NOTE, COUNT, LATE).place(width)
    assert sum(cells for _, cells in placing.columns) + placing.gap * (len(placing.columns) - 1) == width


def test_rows_without_a_figure_come_last_and_equal_ones_stay_as_they_were() -> None:
    order = table(NAME, COUNT).orders["count"]
    assert [name for name, _ in order.of(ROWS)] == ["apple", "pear", "plum", "fig"]
    assert [name for name, _ in order.of(ROWS, reverse=True)] == ["fig", "plum", "pear", "apple"]


def test_only_columns_with_an_order_can_be_sorted_by_and_their_arrow_says_how() -> None:
    orders = table(NAME, NOTE, COUNT).orders
    assert list(orders) == ["name", "count"]
    assert (orders["name"].arrow(), orders["count"].arrow()) == ("↑", "↓")
    assert (orders["name"].arrow(reverse=True), orders["count"].arrow(reverse=True)) == ("↓", "↑")


def test_a_filter_finds_a_part_and_an_exclamation_mark_inverts_it() -> None:
    shown = [" WEB ", "", "!", "!db"]
    hidden = ["! web", "db"]
    assert [query for query in shown + hidden if lets_through(query, lambda: "web-1")] == shown
