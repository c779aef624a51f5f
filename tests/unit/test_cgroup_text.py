"""The formats of cgroup files, from text to values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuicont.core.cgroup.text import (
    CpuMax,
    parse_cpu_max,
    parse_flat_keyed,
    parse_list,
    parse_nested_keyed,
    parse_number,
    parse_pids,
    parse_pressure,
)
from tuicont.core.model.stats import Pressure

KEYS = st.from_regex(r"[a-z][a-z0-9_.]{0,20}", fullmatch=True)
NUMBERS = st.integers(0, 2**63 - 1)


@given(st.dictionaries(KEYS, NUMBERS))
def test_flat_keyed_lines_come_back_as_they_were(values: dict[str, int]) -> None:
    assert parse_flat_keyed("".join(f"{key} {value}\n" for key, value in values.items())) == values


@given(st.dictionaries(KEYS, st.dictionaries(KEYS, NUMBERS, min_size=1)))
def test_nested_keyed_lines_come_back_as_they_were(values: dict[str, dict[str, int]]) -> None:
    lines = [" ".join([key, *(f"{name}={value}" for name, value in inner.items())]) for key, inner in values.items()]
    assert parse_nested_keyed("\n".join(lines)) == values


def test_a_device_that_was_never_used_has_no_values() -> None:
    assert parse_nested_keyed("8:0 rbytes=1 wbytes=2\n253:0\n") == {"8:0": {"rbytes": 1, "wbytes": 2}}


@given(st.sets(st.integers(0, 300)))
def test_a_list_of_numbers_and_ranges_is_a_set(numbers: set[int]) -> None:
    assert parse_list(",".join(map(str, sorted(numbers)))) == numbers


@given(st.integers(0, 200), st.integers(0, 200))
def test_a_range_has_both_its_ends(low: int, length: int) -> None:
    assert parse_list(f"{low}-{low + length}\n") == set(range(low, low + length + 1))


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


@pytest.mark.parametrize(
    ("text", "value"), [("max 100000\n", CpuMax(None, 100000)), ("50000 100000", CpuMax(50000, 100000))]
)
def test_cpu_max_is_a_quota_and_a_period(text: str, value: CpuMax) -> None:
    assert parse_cpu_max(text) == value


def test_pressure_has_some_and_full() -> None:
    text = "some avg10=1.25 avg60=0.00 avg300=0.00 total=345\nfull avg10=0.50 avg60=0.00 avg300=0.00 total=67\n"
    assert parse_pressure(text) == Pressure(some_avg10=1.25, full_avg10=0.5, some_us=345, full_us=67)


def test_pressure_of_the_processor_of_an_old_kernel_has_only_some() -> None:
    assert parse_pressure("some avg10=0.00 avg60=0.00 avg300=0.00 total=3\n") == Pressure(some_us=3)


@pytest.mark.parametrize(
    ("parse", "text"),
    [
        (parse_flat_keyed, "usage_usec\n"),
        (parse_flat_keyed, "usage_usec ten\n"),
        (parse_nested_keyed, "8:0 rbytes\n"),
        (parse_cpu_max, "max"),
        (parse_cpu_max, "ten 100000"),
        (parse_pressure, "most avg10=0.00 total=1"),
        (parse_pressure, "some total=1"),
        (parse_number, "ten"),
    ],
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
