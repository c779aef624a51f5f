"""Tables, JSON lines and templates."""

from __future__ import annotations

import os
import select
import sys
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuicont.cli.kit.listing import Column, asks_for, lines, print_lines
from tuicont.cli.kit.template.template import Template
from tuicont.core.errors import Invalid


class Thing(NamedTuple):
    id: str
    name: str
    sizes: tuple[int, ...] = ()


COLUMNS: tuple[Column[Thing], ...] = (
    Column("CONTAINER ID", "ID", lambda thing: thing.id),
    Column("NAMES", "Names", lambda thing: thing.name),
    Column("ALL SIZES", "Sizes", lambda thing: thing.sizes, shown=False),
)
ROWS = [Thing("1", "web"), Thing("22", "名前", (1, 2))]


def test_a_table_has_a_heading_and_aligned_columns() -> None:
    assert lines(ROWS, COLUMNS, "table") == ["CONTAINER ID   NAMES", "1              web", "22             名前"]
    assert lines([], COLUMNS, "table") == ["CONTAINER ID   NAMES"]


def test_a_table_of_a_template_takes_its_headings_from_the_columns() -> None:
    assert lines(ROWS, COLUMNS, r"table {{.Names}}\t{{.ID}}") == ["NAMES   CONTAINER ID", "web     1", "名前    22"]


def test_a_column_that_is_not_shown_is_there_for_who_asks() -> None:
    assert lines(ROWS[1:], COLUMNS, "table", more=("Sizes",)) == [
        "CONTAINER ID   NAMES   ALL SIZES",
        "22             名前    (1, 2)",
    ]
    assert lines(ROWS[1:], COLUMNS, "table {{.Sizes}}") == ["ALL SIZES", "[1 2]"]
    assert asks_for("{{ json .Sizes }}", "Sizes") and asks_for("table {{.Sizes}}", "Sizes")
    assert not asks_for("{{.Names}} Sizes", "Sizes") and not asks_for("json", "Sizes")


def test_a_field_that_no_column_has_is_said_even_of_an_empty_list() -> None:
    for format in ("{{.Nmaes}}", "{{.Names}} {{json .Nmaes}}", "table {{.Nmaes}}"):
        with pytest.raises(Invalid, match=r"no field 'Nmaes'\nhint: there are: ID, Names, Sizes"):
            lines([], COLUMNS, format)


def test_json_is_one_object_a_line() -> None:
    assert lines(ROWS, COLUMNS, "json")[0] == '{"ID":"1","Names":"web","Sizes":[]}'


def test_control_characters_do_not_reach_the_terminal() -> None:
    assert "\x1b" not in "".join(lines([Thing("\x1b[2J", "a\nb")], COLUMNS, "table"))
    assert len(lines([Thing("1", "a\nb")], COLUMNS, "table")) == 2


def test_what_is_printed_on_a_terminal_cannot_command_it(monkeypatch: pytest.MonkeyPatch) -> None:
    hostile = "\x1b]0;owned\x07\x9b2Ja\tb\u202e\nc"
    master, slave = os.openpty()
    with os.fdopen(master, "rb", buffering=0) as screen, os.fdopen(slave, "w") as terminal:
        monkeypatch.setattr(sys, "stdout", terminal)
        print_lines([hostile], flush=True)
        shown = b""
        while b"\nc\r\n" not in shown and select.select([screen], [], [], 5)[0]:
            shown += screen.read(1000)  # a terminal may hand it out in pieces
    assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(shown.decode())
    assert shown.endswith(b"\r\nc\r\n")


def test_programs_get_what_is_printed_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    print_lines(["\x1b[1mbold\x1b[0m"])
    assert capsys.readouterr().out == "\x1b[1mbold\x1b[0m\n"


def test_a_template_is_filled_with_each_thing() -> None:
    assert lines(ROWS, COLUMNS, r"{{.ID}}\t{{.Names}}\n.") == ["1\tweb\n.", "22\t名前\n."]
    assert lines(ROWS, COLUMNS, "{{range .Sizes}}{{.}};{{else}}none{{end}}") == ["none", "1;2;"]
    assert lines(ROWS[:1], COLUMNS, "{{json .}}") == ['{"ID":"1","Names":"web","Sizes":[]}']


def test_a_method_takes_what_it_is_asked_for_and_gives_its_column_a_name() -> None:
    method: Column[Thing] = Column(
        lambda text: text.upper(), "Repeat", lambda thing: lambda text: f"{thing.name}{text}", method=True
    )
    columns = (*COLUMNS, method)
    assert lines(ROWS[:1], columns, '{{.Repeat "!"}}') == ["web!"]
    assert lines(ROWS[:1], columns, r'table {{.Repeat "a"}}\t{{upper .ID}}') == ["A      CONTAINER ID", "weba   1"]
    assert lines(ROWS[:1], columns, "json") == lines(ROWS[:1], COLUMNS, "json")
    assert lines(ROWS[:1], columns, "table") == lines(ROWS[:1], COLUMNS, "table")


@given(st.text().filter(lambda t: "{{" not in t and "\\" not in t))
def test_text_without_fields_stays_as_it_is(text: str) -> None:
    assert Template(text)({}) == text
