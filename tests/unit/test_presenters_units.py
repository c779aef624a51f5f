"""Numbers and times as short text: right, and never wider than their column."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuicont.text.units import age, bar, exact_size, percent, plain, shorten, size, spark

SECOND = 1_000_000_000


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0B"), (999, "999B"), (1000, "1K"), (1536, "1.5K"), (64 << 20, "64M"), (1 << 30, "1G"), (3 << 40, "3T")],
)
def test_sizes_are_powers_of_1024(count: int, text: str) -> None:
    assert size(count) == text


@given(st.integers(0, 999 << 50))
def test_a_size_fits_into_four_cells(count: int) -> None:
    assert len(size(count)) <= 4


@given(st.floats(0, 99_999))
def test_a_percentage_fits_into_six_cells(value: float) -> None:
    assert len(percent(value)) <= 6


@pytest.mark.parametrize(("value", "text"), [(0, "0%"), (0.04, "0%"), (7.36, "7.4%"), (38.4, "38%"), (150.2, "150%")])
def test_small_percentages_have_a_decimal(value: float, text: str) -> None:
    assert percent(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(-5, "0s"), (59, "59s"), (60, "1m"), (7200, "2h"), (86_400 * 9, "9d"), (86_400 * 800, "2y")]
)
def test_an_age_has_its_largest_unit(seconds: int, text: str) -> None:
    assert age(seconds * SECOND) == text


@given(st.floats(-1, 2), st.integers(1, 40))
def test_a_bar_has_its_width_and_shows_that_something_is_there(part: float, width: int) -> None:
    filled, rest = bar(part, width)
    assert len(filled) + len(rest) == width
    assert bool(filled) == (part > 0)


@given(st.lists(st.floats(0, 1000), max_size=40), st.integers(0, 30), st.floats(0, 500))
def test_a_sparkline_has_its_width(values: list[float], width: int, top: float) -> None:
    assert len(spark(values, width, top)) == width


def test_a_sparkline_ends_with_the_newest_value() -> None:
    assert spark([0, 50, 100], 5, 100) == "  ▁▅█"


@given(st.text())
def test_no_control_character_reaches_the_terminal(text: str) -> None:
    assert not any(unicodedata.category(c).startswith("C") for c in plain(text))


@given(st.text(max_size=30), st.integers(0, 20))
def test_shortening_keeps_the_width(text: str, width: int) -> None:
    assert len(shorten(text, width)) <= width


def test_lost_bytes_are_told_in_words() -> None:
    assert exact_size(12_600_000) == "12.6 MB"
    assert exact_size(17) == "17 bytes"
