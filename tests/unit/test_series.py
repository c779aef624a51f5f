"""A series says what a plain list of its samples would say."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuicont.core.model.rates import rates
from tuicont.core.model.series import ROW, Series, Step
from tuicont.core.model.stats import Sample

SECOND = 1_000_000_000
TIMES = st.integers(0, 2**12 - 1).map(lambda bits: [time for time in range(12) if bits >> time & 1])
MOMENTS = st.integers(-1, 12)


def samples(times: list[int], *, tag: int = 0) -> list[Sample]:
    """One sample at each of these times."""
    return [Sample(time_ns=time, cpu_ns=7 * time, memory=tag) for time in times]


def course(series: Series, until: int, count: int, seconds: int = 1) -> list[float | None]:
    """The processor's, up to a second, in points of so many."""
    found = series.points([lambda s: s.rates.cpu], until_ns=until * SECOND, count=count, step_ns=seconds * SECOND)
    return found[0]


def busy(*seconds: int, share: float = 0.5) -> list[Sample]:
    """Samples of a container that uses a steady share of a processor."""
    return [Sample(time_ns=s * SECOND, cpu_ns=int(s * SECOND * share)) for s in seconds]


@given(TIMES)
def test_it_is_a_sequence_of_its_samples(times: list[int]) -> None:
    plain = samples(times)
    series = Series.of(plain)
    assert list(series) == plain
    assert len(series) == len(plain)
    assert [series[place] for place in range(len(plain))] == plain
    assert [series.time(place) for place in range(-len(plain), 0)] == times
    for place in (len(plain), -len(plain) - 1):
        with pytest.raises(IndexError):
            series[place]


def test_a_sample_takes_eight_bytes_a_number() -> None:
    assert len(Series.of(samples([1, 2])).rows) == 2 * ROW.size == 2 * 8 * len(Sample._fields)


@given(TIMES, MOMENTS)
def test_it_finds_the_first_sample_that_is_not_before_a_time(times: list[int], moment: int) -> None:
    assert Series.of(samples(times)).find(moment) == len([time for time in times if time < moment])


@given(TIMES, MOMENTS, MOMENTS)
def test_a_window_begins_with_its_first_time_and_ends_before_its_last(times: list[int], start: int, end: int) -> None:
    plain = samples(times)
    assert list(Series.of(plain).between(start, end)) == [s for s in plain if start <= s.time_ns < end]


@given(TIMES, st.integers(0, 14))
def test_the_newest_are_the_last(times: list[int], count: int) -> None:
    plain = samples(times)
    assert list(Series.of(plain).newest(count)) == (plain[-count:] if count else [])


@given(TIMES, TIMES)
def test_of_two_that_are_joined_the_later_counts(earlier: list[int], later: list[int]) -> None:
    first, second = samples(earlier, tag=1), samples(later, tag=2)
    kept = [s for s in first if not later or s.time_ns < later[0]]
    assert list(Series.of(first).joined(Series.of(second))) == [*kept, *second]


@given(TIMES, st.integers(0, 12), MOMENTS, MOMENTS, TIMES)
def test_a_window_knows_which_of_its_samples_stand_for_minutes(
    times: list[int], minutes: int, start: int, end: int, later: list[int]
) -> None:
    whole = Series(Series.of(samples(times)).rows, min(minutes, len(times)))
    standing = set(times[: whole.minutes])
    window = whole.between(start, end)
    assert {s.time_ns for s in window} & standing == {window.time(place) for place in range(window.minutes)}
    joined = whole.joined(Series.of(samples(later)))
    assert joined.minutes == len([t for t in standing if not later or t < later[0]])


@given(TIMES)
def test_a_step_has_the_rates_since_the_sample_before(times: list[int]) -> None:
    plain = samples(times)
    expected = [Step(b, rates(a, b), b.time_ns) for a, b in pairwise(plain)]
    assert list(Series.of(plain).steps()) == expected


@given(st.dictionaries(st.integers(0, 2**40), st.integers(-1, 2**62), max_size=12))
def test_the_processors_shares_are_those_of_the_rates(used: dict[int, int]) -> None:
    series = Series.of([Sample(time, cpu_ns=used[time]) for time in sorted(used)])
    assert series.cpu_percents() == [step.rates.cpu for step in series.steps()]


def test_samples_are_placed_by_their_own_time_and_a_missing_one_leaves_a_hole() -> None:
    assert course(Series.of(busy(0, 1, 2, 5, 6)), until=6, count=7) == [None, 50, 50, None, None, 50, 50]


def test_a_hole_of_one_point_is_filled() -> None:
    assert course(Series.of(busy(0, 1, 3, 4)), until=4, count=4) == [50, 50, 50, 50]


def test_a_point_has_the_largest_of_its_time() -> None:
    series = Series.of([Sample(s * SECOND, cpu_ns=n * SECOND // 10) for s, n in enumerate([0, 1, 5, 5, 6])])
    assert course(series, until=4, count=2, seconds=2) == [40, 10]


def test_what_lies_outside_of_the_points_is_left_out() -> None:
    series = Series.of(busy(*range(20)))
    assert course(series, until=10, count=3) == [50, 50, 50]
    assert course(series, until=100, count=3) == [None, None, None]


def test_what_is_not_known_leaves_a_hole() -> None:
    series = Series.of([Sample(s * SECOND) for s in range(4)])
    assert series.points([lambda step: None], until_ns=3 * SECOND, count=3, step_ns=SECOND) == [[None] * 3]


def test_a_sample_that_stands_for_a_minute_fills_it() -> None:
    minutes = Series(Series.of(busy(0, 60, 120)).rows, 3)
    assert course(minutes, until=120, count=8, seconds=15) == [50] * 8
    seconds = Series.of(busy(0, 60, 120))
    assert course(seconds, until=120, count=8, seconds=15) == [None, None, None, 50, None, None, None, 50]


def test_a_minute_is_not_drawn_into_the_point_of_the_one_before() -> None:
    minutes = Series(Series.of([*busy(0, 30, 90), Sample(150 * SECOND, cpu_ns=45 * SECOND)]).rows, 4)
    assert course(minutes, until=150, count=3, seconds=60) == [50, 50, 0]


def test_minutes_in_which_nobody_took_samples_are_a_hole() -> None:
    minutes = Series(Series.of(busy(0, 60, 600)).rows, 3)
    assert course(minutes, until=600, count=10, seconds=60) == [50, *[None] * 8, 50]


def test_several_values_are_read_in_one_walk() -> None:
    series = Series.of([Sample(s * SECOND, cpu_ns=0, memory=s, pids=9) for s in range(3)])
    found = series.points(
        [lambda s: s.sample.memory, lambda s: s.sample.pids], until_ns=2 * SECOND, count=2, step_ns=SECOND
    )
    assert found == [[1, 2], [9, 9]]
