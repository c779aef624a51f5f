"""The ring of history, and its bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuicont.core.history.ring import History, decode, encode
from tuicont.core.model.stats import Sample

SECOND = 1_000_000_000
SAMPLES = st.lists(st.integers(-1, 2**62), min_size=len(Sample._fields), max_size=len(Sample._fields)).map(Sample._make)


@given(st.lists(SAMPLES, max_size=8))
def test_a_block_of_samples_comes_back_from_its_bytes(samples: list[Sample]) -> None:
    assert decode(encode(samples)) == tuple(samples)


@given(st.lists(SAMPLES, max_size=12), st.integers(1, 6), st.integers(0, 14))
def test_a_ring_keeps_the_newest(samples: list[Sample], capacity: int, count: int) -> None:
    history = History(capacity)
    for sample in samples:
        history.append(sample)
    kept = tuple(samples[-capacity:])
    assert history.tail() == kept
    assert len(history) == len(kept)
    assert history.tail(count) == (kept[-count:] if count else ())
    assert history.last_ns == (samples[-1].time_ns if samples else 0)


@pytest.mark.parametrize("block", [b"", b"\xc1", b"\x92\x02\x90", b"\x92\x01\x91\x91\x01", b"not a block"])
def test_a_block_that_is_damaged_or_of_another_version_has_no_samples(block: bytes) -> None:
    assert decode(block) == ()


@given(st.binary(max_size=40))
def test_any_bytes_are_a_block_or_none(block: bytes) -> None:
    assert isinstance(decode(block), tuple)


def test_a_second_costs_few_bytes() -> None:
    samples = [
        Sample(
            time_ns=n * SECOND + n * 1017,
            cpu_ns=n * 123_456_789,
            cpu_user_ns=n * 100_000_000,
            memory=50_000_000 + n % 7 * 4096,
            pids=4,
            cpu_some_us=n * 1000,
        )
        for n in range(1, 101)
    ]
    assert len(encode(samples)) < 100 * 60
