"""When histories are packed: each about once a minute, and never many at once. Times are monotonic."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import count

import pytest

from tuicont.core.history.collector import Collector
from tuicont.core.model.series import MINUTE_NS
from tuicont.core.model.stats import Sample

SECOND = 1_000_000_000
GROUPS = [f"group-{number}" for number in range(60)]


class Counted:
    """A sampler whose every sample is a second after the one before."""

    def __init__(self) -> None:
        self._samples = (Sample(time_ns=number * SECOND, cpu_ns=number) for number in count(1))

    def sample(self) -> Sample | None:
        return next(self._samples)

    def close(self) -> None:
        """Nothing is held."""


@pytest.fixture
def collector() -> Iterator[Collector]:
    made = Collector(lambda group: Counted())
    yield made
    made.close()


def tick(collector: Collector, now_ns: int) -> list[str]:
    """Collect, and the groups whose histories were packed at this time."""
    collector.collect(GROUPS)
    return [group for group, _ in collector.seal_due(now_ns)]


def test_nothing_is_packed_before_a_minute_has_passed(collector: Collector) -> None:
    begun = time.monotonic_ns()
    collector.collect(GROUPS)
    assert collector.seal_due(begun + 59 * SECOND) == []


def test_those_that_began_together_are_packed_a_few_at_a_time_and_each_once_a_minute(collector: Collector) -> None:
    collector.collect(GROUPS)
    begun = time.monotonic_ns()
    packed = [tick(collector, begun + second * SECOND) for second in range(1, 181)]
    assert packed[:58] == [[]] * 58
    assert max(map(len, packed)) <= 2
    for minute in (packed[60:120], packed[120:180]):
        assert sorted(group for groups in minute for group in groups) == sorted(GROUPS)


def test_seldom_ticks_pack_all_that_waits(collector: Collector) -> None:
    collector.collect(GROUPS)
    begun = time.monotonic_ns()
    for minute in (1, 2, 3):
        assert tick(collector, begun + minute * MINUTE_NS + SECOND) == GROUPS


def test_what_was_packed_is_not_packed_again(collector: Collector) -> None:
    for _ in range(3):
        collector.collect(["web"])
    ((group, block),) = collector.seal(["web", "nobody"])
    assert (group, block.first_ns, block.last_ns) == ("web", SECOND, 3 * SECOND)
    assert collector.seal(["web"]) == []
    collector.collect(["web"])
    ((_, block),) = collector.seal(["web"])
    assert block.first_ns == block.last_ns == 4 * SECOND


def test_a_group_that_is_forgotten_is_packed_no_more(collector: Collector) -> None:
    collector.collect(["web"])
    collector.forget("web")
    assert collector.seal(["web"]) == collector.seal_due(time.monotonic_ns() + 2 * MINUTE_NS) == []
