"""Rates and percentages: what two samples say of the time between them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuicont.core.model.rates import cpu_percent, pressure_of, rates, throttled_percent
from tuicont.core.model.stats import Rates, Sample

SECOND = 1_000_000_000
NUMBERS = st.integers(-1, 2**62)
SAMPLES = st.builds(
    lambda time, cpu, periods, throttled, read, write: Sample(
        time_ns=time, cpu_ns=cpu, periods=periods, throttled_periods=throttled, read_bytes=read, write_bytes=write
    ),
    *[NUMBERS] * 6,
)


def test_half_a_processor_is_fifty_percent() -> None:
    before = Sample(time_ns=10 * SECOND, cpu_ns=3 * SECOND, read_bytes=1000)
    after = Sample(time_ns=12 * SECOND, cpu_ns=4 * SECOND, read_bytes=5000)
    assert rates(before, after) == Rates(cpu=pytest.approx(50), read_bytes=pytest.approx(2000))


def test_two_busy_processors_are_two_hundred_percent() -> None:
    assert cpu_percent(SECOND, 3 * SECOND, SECOND) == 200


def test_a_counter_that_began_anew_and_an_unknown_one_are_no_change() -> None:
    before = Sample(time_ns=1 * SECOND, cpu_ns=5 * SECOND, periods=-1, read_bytes=-1, write_bytes=100)
    after = Sample(time_ns=2 * SECOND, cpu_ns=1, periods=10, throttled_periods=5, read_bytes=700, write_bytes=-1)
    assert rates(before, after) == Rates()


def test_a_clock_that_stood_still_or_went_back_is_no_change() -> None:
    sample = Sample(time_ns=5 * SECOND, cpu_ns=0)
    for time_ns in (5 * SECOND, 4 * SECOND):
        assert rates(sample, Sample(time_ns=time_ns, cpu_ns=SECOND)) == Rates()


@given(SAMPLES, SAMPLES)
def test_rates_are_never_negative(before: Sample, after: Sample) -> None:
    change = rates(before, after)
    assert all(getattr(change, name) >= 0 for name in change.__struct_fields__)


def test_throttling_is_a_share_of_the_periods_and_not_of_the_time() -> None:
    before = Sample(time_ns=0, periods=100, throttled_periods=20, throttled_ns=0)
    after = Sample(time_ns=SECOND, periods=110, throttled_periods=24, throttled_ns=SECOND // 100)
    assert rates(before, after).throttled == 40


@pytest.mark.parametrize(("periods", "throttled"), [(-1, -1), (0, 0), (0, 3), (10, 0)])
def test_without_periods_nothing_is_throttled(periods: int, throttled: int) -> None:
    assert throttled_percent(periods, throttled) == 0


def test_the_highest_pressure_is_told_with_its_resource() -> None:
    assert pressure_of(Sample(time_ns=0, cpu_some_avg10=300, io_some_avg10=4100)) == (41.0, "io")
    assert pressure_of(Sample(time_ns=0, memory_some_avg10=0)) == (0.0, "mem")
    assert pressure_of(Sample(time_ns=0)) == (0.0, "")
    assert pressure_of(None) == (0.0, "")
