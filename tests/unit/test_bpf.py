"""The programs of `security.bpf`, run instruction by instruction."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.seccomp_machine import ALLOW, ERRNO, KILL, X86, X86_64, answer
from tuicont.core.security.bpf import Comparison, Operator, Range, Rule, assemble

EDGES = [0, 1, 11, 12, 13, 0xFFFFFFFE, 0xFFFFFFFF, 1 << 32, (1 << 32) + 12, 1 << 63, (1 << 64) - 1]
values = st.one_of(st.sampled_from(EDGES), st.integers(0, (1 << 64) - 1))
comparisons = st.builds(Comparison, st.integers(0, 5), st.sampled_from(Operator), values, values)
rules = st.lists(st.builds(Rule, st.integers(1, 4), st.lists(comparisons, max_size=3).map(tuple)), max_size=3).map(
    tuple
)
ranges = st.builds(
    lambda first, others: (first, *sorted(others, key=lambda item: item.start)),
    st.builds(Range, st.just(0), st.integers(5, 9), rules),
    st.lists(
        st.builds(Range, st.integers(1, 0xFFFFFFFF), st.integers(5, 9), rules),
        unique_by=lambda item: item.start,
        max_size=12,
    ),
)


def holds(item: Comparison, arguments: tuple[int, ...]) -> bool:
    value = arguments[item.argument]
    return {
        Operator.NE: value != item.first,
        Operator.LT: value < item.first,
        Operator.LE: value <= item.first,
        Operator.EQ: value == item.first,
        Operator.GE: value >= item.first,
        Operator.GT: value > item.first,
        Operator.MASKED_EQ: value & item.first == item.second,
    }[item.operator]


def expected(items: tuple[Range, ...], number: int, arguments: tuple[int, ...]) -> int:
    item = [item for item in items if item.start <= number][-1]
    for rule in item.rules:
        if all(holds(comparison, arguments) for comparison in rule.comparisons):
            return rule.action
    return item.otherwise


@given(ranges, st.integers(0, 0xFFFFFFFF), st.tuples(*[values] * 6))
def test_a_program_answers_as_its_ranges_and_rules_say(
    items: tuple[Range, ...], number: int, arguments: tuple[int, ...]
) -> None:
    program = assemble([(X86_64, items)], KILL)
    for probe in {number, items[-1].start, items[-1].start - 1 & 0xFFFFFFFF, 0}:
        assert answer(program, X86_64, probe, arguments) == expected(items, probe, arguments)


@given(st.lists(st.tuples(st.sampled_from(list(Operator)[:-1]), st.sampled_from(EDGES)), min_size=2, max_size=8))
def test_one_argument_that_decides_alone_is_searched_by_value(choices: list[tuple[Operator, int]]) -> None:
    item = Range(0, ERRNO, tuple(Rule(i + 1, (Comparison(2, op, value),)) for i, (op, value) in enumerate(choices)))
    program = assemble([(X86_64, [item])], KILL)
    for value in EDGES:
        assert answer(program, X86_64, 7, (0, 0, value)) == expected((item,), 7, (0, 0, value, 0, 0, 0))


def test_each_architecture_has_its_own_numbers_and_others_end_the_process() -> None:
    program = assemble([(X86_64, [Range(0, ALLOW)]), (X86, [Range(0, ERRNO), Range(5, ALLOW)])], KILL)
    assert answer(program, X86_64, 4) == ALLOW
    assert answer(program, X86, 4) == ERRNO
    assert answer(program, X86, 5) == ALLOW
    assert answer(program, 0xC00000B7, 5) == KILL


def test_distances_beyond_a_byte_are_jumped() -> None:
    items = [Range(n * 2, n % 7) for n in range(1500)]
    program = assemble([(X86_64, items), (X86, [Range(0, ALLOW)])], KILL)
    assert [answer(program, X86_64, n) for n in (0, 3, 1501, 2999)] == [0, 1, 750 % 7, 1499 % 7]
    assert answer(program, X86, 1) == ALLOW


def test_what_the_kernel_would_not_take_is_refused() -> None:
    with pytest.raises(ValueError, match="4096"):
        assemble([(X86_64, [Range(n, n) for n in range(3000)])], KILL)
    with pytest.raises(ValueError, match="begin at 0"):
        assemble([(X86_64, [Range(1, 0)])], KILL)
    with pytest.raises(ValueError, match="ascend"):
        assemble([(X86_64, [Range(0, 0), Range(5, 1), Range(5, 2)])], KILL)
