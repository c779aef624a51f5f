"""The C that reads counters, on ordinary files of what the kernel writes."""

from __future__ import annotations

import os
import tempfile
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuicont.core.cgroup.counters import Slot
from tuicont.core.model.stats import Sample
from tuicont.core.sys.counters import Counters, Field, Form, Source

NUMBERS = st.integers(0, 2**62 - 1)
KEYS = st.text("abcxyz059_", min_size=1, max_size=6)


def read(form: Form, text: str, *fields: tuple[str, int, int]) -> list[int]:
    """The four places after the time in the row that a file of `text` gives; a field is (key, place, scale)."""
    source = Source("file", form, tuple(Field(key, 1 + place, scale) for key, place, scale in fields))
    with tempfile.NamedTemporaryFile("w") as file:
        file.write(text)
        file.flush()
        counters = Counters([(file.name, source)], 5)
        try:
            row = Counters.read_all([counters])[0]
        finally:
            counters.close()
    assert row is not None
    return row[1:]


def test_a_row_has_the_places_of_a_sample() -> None:
    first = {"CPU_PRESSURE": "cpu_some_avg10", "MEMORY_PRESSURE": "memory_some_avg10", "IO_PRESSURE": "io_some_avg10"}
    assert {slot: Sample._fields[slot] for slot in Slot} == {
        slot: first.get(slot.name, slot.name.lower()) for slot in Slot
    }


def test_a_row_begins_with_its_time() -> None:
    counters = Counters([(os.devnull, Source("null", Form.NUMBER, (Field("", 1),)))], 2)
    before = time.time_ns()
    row = Counters.read_all([counters])[0]
    counters.close()
    assert row is not None
    assert before <= row[0] <= time.time_ns()


@given(NUMBERS)
def test_a_number(number: int) -> None:
    assert read(Form.NUMBER, f"{number}\n", ("", 1, 1)) == [-1, number, -1, -1]


@pytest.mark.parametrize("text", ["max\n", "9223372036854771712\n", "", "nonsense"])
def test_no_limit_and_no_number_are_unknown(text: str) -> None:
    assert read(Form.NUMBER, text, ("", 0, 1)) == [-1, -1, -1, -1]


@given(st.dictionaries(KEYS, st.integers(0, 2**50), min_size=1, max_size=6), st.integers(0, 5))
def test_keyed_lines(values: dict[str, int], place: int) -> None:
    text = "".join(f"{key} {value}\n" for key, value in values.items())
    wanted = list(values)[place % len(values)]
    row = read(Form.KEYED, text, (wanted, 0, 1000), ("not_there_at_all", 1, 1))
    assert row == [values[wanted] * 1000, -1, -1, -1]


@given(st.lists(st.tuples(*[st.integers(0, 2**40)] * 4), max_size=3))
def test_devices_of_v2_are_summed(devices: list[tuple[int, ...]]) -> None:
    names = ("rbytes", "wbytes", "rios", "wios")
    text = "".join(
        f"{8 * number}:0 {' '.join(f'{n}={v}' for n, v in zip(names, values, strict=True))} dbytes=7 dios=9\n"
        for number, values in enumerate(devices)
    )
    fields = [(name, slot, 1) for slot, name in enumerate(names)]
    assert read(Form.DEVICES, text, *fields) == [sum(values[slot] for values in devices) for _, slot, _ in fields]


def test_devices_of_v1_are_summed_without_their_totals() -> None:
    text = "8:0 Read 10\n8:0 Write 20\n8:0 Sync 30\n8:0 Total 30\n8:16 Read 1\n8:16 Write 2\nTotal 33\n"
    assert read(Form.DEVICES, text, ("Read", 0, 1), ("Write", 1, 1)) == [11, 22, -1, -1]


@given(st.integers(0, 9999), st.integers(0, 9999), st.integers(0, 2**50), st.integers(0, 2**50))
def test_pressure_has_some_and_full(some: int, full: int, some_us: int, full_us: int) -> None:
    lines = [("some", some, some_us), ("full", full, full_us)]
    text = "".join(f"{n} avg10={a // 100}.{a % 100:02} avg60=1.00 avg300=2.00 total={t}\n" for n, a, t in lines)
    assert read(Form.PRESSURE, text, ("", 0, 1)) == [some, some_us, full, full_us]


def test_pressure_that_has_only_some() -> None:
    assert read(Form.PRESSURE, "some avg10=1.50 avg60=0.00 avg300=0.00 total=9\n", ("", 0, 1)) == [150, 9, -1, -1]


@given(st.text(max_size=60), st.sampled_from(list(Form)))
def test_any_text_is_survived(text: str, form: Form) -> None:
    if "\0" not in text:
        assert len(read(form, text, ("a", 0, 1))) == 4


def test_files_add_to_one_place_and_it_never_falls_below_nothing() -> None:
    def two(usage: int, inactive: int) -> int:
        with tempfile.TemporaryDirectory() as directory:
            for name, text in (("usage", f"{usage}\n"), ("stat", f"inactive_file {inactive}\n")):
                with open(f"{directory}/{name}", "w") as file:
                    file.write(text)
            sources = (
                Source("usage", Form.NUMBER, (Field("", 1),)),
                Source("stat", Form.KEYED, (Field("inactive_file", 1, -1),)),
                Source("absent", Form.NUMBER, (Field("", 2),)),
            )
            counters = Counters([(f"{directory}/{source.file}", source) for source in sources], 3)
            row = Counters.read_all([counters])[0]
            counters.close()
            assert row is not None
            assert row[2] == -1
            return row[1]

    assert two(100, 30) == 70
    assert two(30, 100) == 0


def test_closing_gives_every_descriptor_back() -> None:
    before = len(os.listdir("/proc/self/fd"))
    with tempfile.NamedTemporaryFile() as file:
        counters = Counters([(file.name, Source("file", Form.NUMBER, (Field("", 1),)))] * 5, 2)
        assert len(os.listdir("/proc/self/fd")) == before + 6
        counters.close()
        counters.close()
    assert Counters.read_all([counters]) == [None]
    assert len(os.listdir("/proc/self/fd")) == before
