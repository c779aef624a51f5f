"""The history of a container: blocks of rows, the ring of them, and its two levels."""

from __future__ import annotations

from itertools import accumulate

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuicont.core.history.blocks import pack, unpack
from tuicont.core.history.levels import History, series_of
from tuicont.core.history.ring import Ring
from tuicont.core.model.series import ROW, Series
from tuicont.core.model.stats import Sample

SECOND = 1_000_000_000
ALWAYS = 1 << 62
LARGEST = 2**63 - 1
PLACES = st.tuples(st.integers(0, 4), st.integers(0, len(Sample._fields) - 1))


def second(number: int, **values: int) -> Sample:
    """The sample of a second."""
    return Sample(time_ns=number * SECOND, cpu_ns=number * 1000, **values)


def times(series: Series) -> list[int]:
    """In seconds."""
    return [sample.time_ns // SECOND for sample in series]


# blocks


@given(st.integers(0, 5), st.dictionaries(PLACES, st.integers(-1, LARGEST), max_size=8))
def test_a_block_gives_its_rows_back(count: int, values: dict[tuple[int, int], int]) -> None:
    numbers = ([values.get((row, place), 0) for place in range(len(Sample._fields))] for row in range(count))
    rows = Series.of([Sample._make(row) for row in numbers]).rows
    assert unpack(pack(rows)) == rows


@pytest.mark.parametrize("value", [-1, 0, LARGEST])
def test_the_largest_steps_fit_into_a_block(value: int) -> None:
    rows = Series.of([Sample(0, cpu_ns=-1), Sample(1, cpu_ns=value), Sample(2, cpu_ns=-1)]).rows
    assert unpack(pack(rows)) == rows


OF_THE_FIRST_VERSION = msgspec.msgpack.encode((1, [[1] * len(Sample._fields)]))


@pytest.mark.parametrize("block", [b"", b"\xc1", b"\x02", b"not a block", OF_THE_FIRST_VERSION])
def test_a_block_that_is_damaged_or_of_another_version_has_no_rows(block: bytes) -> None:
    assert unpack(block) == b""


@given(st.binary(max_size=40), st.integers(0, 200), st.integers(0, 255))
def test_any_bytes_are_whole_rows_or_none(block: bytes, place: int, byte: int) -> None:
    assert unpack(b"\x02" + block) == b""
    damaged = bytearray(pack(Series.of([second(1), second(2)]).rows))
    damaged[place % len(damaged)] = byte
    assert len(unpack(bytes(damaged))) % ROW.size == 0


def test_a_quiet_second_costs_few_bytes_and_a_busy_one_not_many() -> None:
    quiet = [Sample(s * SECOND + s * s % 1017, cpu_ns=5, memory=1 << 20, pids=1) for s in range(60)]
    busy = [
        Sample(
            s * SECOND + s * s % 1017,
            *(n * s * s * 7919 for n in range(1, 19)),
            *(n * s * 97 % 10_000 for n in range(12)),
        )
        for s in range(60)
    ]
    assert len(pack(Series.of(quiet).rows)) < 60 * 10
    assert len(pack(Series.of(busy).rows)) < 60 * 80


# the ring

STEPS = st.lists(st.integers(1, 40) | st.just(-30) | st.none(), max_size=40)
"""Seconds from one sample to the next (the clock may be set back); None seals."""


@given(STEPS, st.integers(0, 6))
def test_a_ring_is_a_list_of_its_rows(steps: list[int | None], recent: int) -> None:
    ring, plain, now = Ring(ALWAYS, recent), [], 1000
    for step in steps:
        if step is None:
            ring.seal()
            continue
        now += step
        ring.append(second(now))
        plain = [sample for sample in plain if sample.time_ns < now * SECOND]
        plain.append(second(now))
        assert ring.last_ns == now * SECOND
    assert list(ring.read(0, ALWAYS)) == plain
    assert ring.first_ns == (plain[0].time_ns if plain else 0)
    at_hand = len(ring.recent)
    assert list(ring.recent) == plain[len(plain) - at_hand :]
    assert at_hand >= min(recent, len(plain)) or -30 in steps
    middle = plain[len(plain) // 2].time_ns if plain else 0
    assert list(ring.read(middle, ALWAYS)) == [s for s in plain if s.time_ns >= middle]
    assert list(ring.read(0, middle)) == [s for s in plain if s.time_ns < middle]


def test_a_clock_that_was_set_back_takes_along_what_was_measured_after_it() -> None:
    ring = Ring(ALWAYS, recent=5)
    for begin in (0, 10, 20):
        for number in range(begin, begin + 10):
            ring.append(second(number))
        ring.seal()
    ring.append(second(30))
    ring.append(second(25))
    ring.append(second(13))
    assert times(ring.read(0, ALWAYS)) == [*range(13), 13]


def test_blocks_go_when_they_are_old() -> None:
    ring = Ring(10 * SECOND)
    for number in range(100):
        ring.append(second(number))
        if number % 5 == 4:
            ring.seal()
    assert times(ring.read(0, ALWAYS)) == list(range(85, 100))
    assert ring.first_ns == 85 * SECOND


def test_what_was_stored_fills_the_newest_rows_up_and_is_not_kept() -> None:
    ring = Ring(ALWAYS, recent=5)
    ring.append(second(50))
    ring.precede(Series.of([second(number) for number in range(40, 60)]))
    assert times(ring.recent) == [46, 47, 48, 49, 50]
    assert times(ring.read(0, ALWAYS)) == [50]
    block = ring.seal()
    assert block is not None
    assert (block.first_ns, block.last_ns) == (50 * SECOND, 50 * SECOND)
    assert ring.seal() is None


# seconds and minutes


def a_day_of(history: History, seconds: range, **values: int) -> None:
    """Sample each of these seconds, and seal each minute."""
    for number in seconds:
        history.append(second(number, **values))
        if number % 60 == 59:
            history.seal()


def test_ten_minutes_are_kept_by_the_second_and_what_is_older_by_the_minute() -> None:
    history = History()
    a_day_of(history, range(2 * 3600))
    series = history.read(0, ALWAYS)
    minutes, seconds = times(series)[: series.minutes], times(series)[series.minutes :]
    assert seconds == list(range(7200 - 11 * 60, 7200))
    assert minutes == list(range(59, 7200 - 11 * 60, 60))


def test_a_window_reaches_over_both_levels() -> None:
    history = History()
    a_day_of(history, range(3600))
    series = history.read(2800 * SECOND, 2945 * SECOND)
    assert times(series) == [2819, 2879, 2939, *range(2940, 2945)]
    assert series.minutes == 3
    assert times(history.read(100 * SECOND, 200 * SECOND)) == [119, 179]
    assert times(history.read(3500 * SECOND, 3503 * SECOND)) == [3500, 3501, 3502]


def test_a_day_is_kept_and_no_more() -> None:
    history = History()
    for minute in range(30 * 60):
        history.append(second(minute * 60))
        history.seal()
    oldest = times(history.read(0, ALWAYS))[0]
    assert 29 * 3600 + 59 * 60 - 25 * 3600 <= oldest <= 29 * 3600 + 59 * 60 - 24 * 3600


def test_a_minute_has_its_counters_at_the_end_and_the_rest_at_its_highest() -> None:
    history = History()
    for number, memory in enumerate([10, 70, 30]):
        history.append(second(number, memory=memory, memory_limit=100, oom_kills=number, io_some_avg10=memory))
    history.seal()
    a_day_of(history, range(60, 60 * 13))
    minute = history.read(0, 30 * SECOND)[0]
    assert minute == second(2, memory=70, memory_limit=100, oom_kills=2, io_some_avg10=70)


def test_half_a_minute_is_at_hand_whatever_was_sealed() -> None:
    history = History()
    a_day_of(history, range(80))
    assert times(history.recent) == list(range(50, 80))
    history.seal()
    assert times(history.recent) == list(range(50, 80))


def test_many_minutes_without_a_seal_are_all_there() -> None:
    history = History()
    for number in range(150):
        history.append(second(number))
    assert times(history.read(0, ALWAYS)) == times(history.recent) == list(range(150))


def test_stored_blocks_become_one_series_even_when_two_engines_wrote_them() -> None:
    parts = [range(60), range(50, 100), range(100, 130)]
    blocks = [pack(Series.of([second(number) for number in part]).rows) for part in parts]
    assert times(series_of([blocks[0], b"damaged", *blocks[1:]])) == list(range(130))
    assert len(series_of([])) == 0


def test_a_day_of_a_container_costs_little_memory() -> None:
    history = History()
    counts = accumulate(range(26 * 60), lambda count, number: count + 4_000_000 + number * 7919 % 1_000_000)
    for minute, count in enumerate(counts):
        history.append(second(minute * 60, cpu_user_ns=count, memory=count % 50_000_000, read_bytes=count // 7))
        history.seal()
    held = len(history.recent.rows) + sum(
        len(block.packed) for ring in (history._seconds, history._minutes) for block in ring._blocks
    )
    assert held < 100_000
