"""The kernel's list format: numbers and ranges, read and written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuicont.core.host.lists import format_list, parse_list


@given(st.sets(st.integers(0, 4096), max_size=20))
def test_a_list_of_numbers_is_a_set(numbers: set[int]) -> None:
    assert parse_list(",".join(map(str, sorted(numbers))) + "\n") == numbers


@given(st.sets(st.integers(0, 300)))
def test_what_is_written_is_read_back(numbers: set[int]) -> None:
    assert parse_list(format_list(numbers)) == numbers


@given(st.integers(0, 200), st.integers(0, 200))
def test_a_range_has_both_its_ends(low: int, length: int) -> None:
    assert parse_list(f"{low}-{low + length}\n") == set(range(low, low + length + 1))


def test_neighbours_are_written_as_a_range() -> None:
    assert format_list({5, 0, 1, 2}) == "0-2,5"


@pytest.mark.parametrize("text", ["x", "1-", "-1", "3-1", "1--2", "0-99999999", "1;2", "٣"])
def test_what_is_no_list_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_list(text)


@given(st.text())
def test_a_list_is_either_taken_or_refused(text: str) -> None:
    try:
        numbers = parse_list(text)
    except ValueError:
        return
    assert all(0 <= number <= 65535 for number in numbers)
