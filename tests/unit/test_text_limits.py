"""Limits as they are typed and told."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuicont.core.engine.api import Unit
from tuicont.text.limits import read, told, typed

VALUES: dict[Unit, st.SearchStrategy[Any]] = {
    Unit.BYTES: st.integers(1, 1 << 62),
    Unit.BYTES_OR_NO_LIMIT: st.just(-1) | st.integers(1, 1 << 62),
    Unit.COUNT_OR_NO_LIMIT: st.just(-1) | st.integers(1, 1 << 22),
    Unit.SHARES: st.integers(2, 262144),
    Unit.PROCESSORS: st.floats(0.01, 512),
    Unit.MICROSECONDS: st.integers(1000, 1_000_000),
    Unit.LIST: st.sampled_from(["0", "0-3,7"]),
}


@pytest.mark.parametrize("unit", Unit)
@given(st.data())
def test_what_is_typed_for_a_value_reads_as_that_value(unit: Unit, data: st.DataObject) -> None:
    value = data.draw(VALUES[unit])
    assert read(unit, typed(unit, value)) == value


@pytest.mark.parametrize(
    ("unit", "text", "expected"),
    [
        (Unit.BYTES, "much", "is not a size"),
        (Unit.BYTES, "-2", "is not a size"),
        (Unit.COUNT_OR_NO_LIMIT, "1.5", "a whole number, -1 for no limit"),
        (Unit.COUNT_OR_NO_LIMIT, "0", "1 or more, -1 for no limit"),
        (Unit.SHARES, "half", "a whole number"),
        (Unit.PROCESSORS, "half", "a number of processors, such as 0.5"),
        (Unit.PROCESSORS, "0", "more than 0 processors"),
    ],
)
def test_what_does_not_read_is_told_what_would(unit: Unit, text: str, expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        read(unit, text)


@pytest.mark.parametrize(
    ("unit", "value", "expected"),
    [
        (Unit.BYTES, 64 << 20, "64M"),
        (Unit.BYTES_OR_NO_LIMIT, -1, "no limit"),
        (Unit.COUNT_OR_NO_LIMIT, 64, "64"),
        (Unit.COUNT_OR_NO_LIMIT, -1, "no limit"),
        (Unit.PROCESSORS, 0.5, "0.5"),
        (Unit.PROCESSORS, None, "no limit"),
        (Unit.LIST, "0-1", "0-1"),
    ],
)
def test_a_limit_is_told_shortly(unit: Unit, value: object, expected: str) -> None:
    assert told(unit, value) == expected
