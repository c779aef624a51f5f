"""The formats of cgroup files, from text to values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuicont.core.cgroup.text import parse_flat_keyed, parse_number, parse_pids

KEYS = st.text("abz019_.", max_size=20).map("k".__add__)
NUMBERS = st.integers(0, 2**63 - 1)


@given(st.dictionaries(KEYS, NUMBERS))
def test_flat_keyed_lines_come_back_as_they_were(values: dict[str, int]) -> None:
    assert parse_flat_keyed("".join(f"{key} {value}\n" for key, value in values.items())) == values


@pytest.mark.parametrize(
    ("parse", "text"),
    [(parse_flat_keyed, "usage_usec\n"), (parse_flat_keyed, "usage_usec ten\n"), (parse_number, "ten")],
)
def test_a_malformed_line_is_named(parse: object, text: str) -> None:
    assert callable(parse)
    with pytest.raises(ValueError, match=text.split()[0]):
        parse(text)


def test_numbers_and_pids() -> None:
    assert parse_number("max\n") is None
    assert parse_number("12\n") == 12
    assert parse_pids(b"12\n0\n7\n") == [12, 7]
    assert parse_pids(b"") == []
