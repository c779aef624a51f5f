"""Log lines made safe, kept by the million and searched."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.color import Color

from tuicont.core.model.container import LogLine
from tuicont.presenters.details.ansi import runs, stripped
from tuicont.presenters.details.log_buffer import CHUNK, LogBuffer, chunk_of, size_of
from tuicont.presenters.details.log_search import Search, count, find, selection

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\n"), max_size=60)


def lines(texts: Sequence[str]) -> list[LogLine]:
    return [LogLine(time_ns=n, stream="stderr" if n % 3 == 2 else "stdout", text=text) for n, text in enumerate(texts)]


def filled(texts: Sequence[str], capacity: int = 1_000_000, step: int = 100) -> LogBuffer:
    buffer = LogBuffer(capacity)
    found = lines(texts)
    for at in range(0, len(found), step):
        buffer.extend(chunk_of(found[at : at + step]))
    return buffer


@given(st.lists(TEXT | st.sampled_from(["\x1b[31m", "\x1b]0;x\x07", "\x1b[2J", "\x9b1m", "\r", "\t"])).map("".join))
def test_nothing_but_printable_text_comes_through_with_or_without_colours(text: str) -> None:
    assert not any(unicodedata.category(c).startswith("C") for c in stripped(text))
    assert "".join(part for part, _ in runs(text)) == stripped(text)


def test_colours_become_styles_and_other_sequences_nothing() -> None:
    found = runs("\x1b[1;31mred\x1b[0m plain \x1b[38;5;196mbright\x1b[39m\x1b[5n\x1b]52;c;ZXZpbA==\x07 end")
    assert [part for part, _ in found] == ["red", " plain ", "bright", " end"]
    first, plain, second, _ = (style for _, style in found)
    assert first is not None and first.bold and first.color == Color.from_ansi(1)
    assert plain is None
    assert second is not None and second.color == Color.from_ansi(196)


def test_of_a_progress_bar_the_last_state_is_shown() -> None:
    assert stripped("10%\r50%\r100%\r") == "100%"


@settings(max_examples=30)
@given(st.lists(TEXT, max_size=700), st.integers(1, 300))
def test_every_line_comes_back_however_it_was_added(texts: list[str], step: int) -> None:
    buffer = filled(texts, step=step)
    assert [entry.text for entry in buffer.entries(0, len(buffer))] == [stripped(text) for text in texts]
    assert [entry.time_ns for entry in buffer.entries(0, len(buffer))] == list(range(len(texts)))
    assert [entry.error for entry in buffer.entries(0, len(buffer))] == [n % 3 == 2 for n in range(len(texts))]


def test_old_lines_fall_out_and_numbers_begin_with_the_oldest_kept() -> None:
    buffer = filled([str(n) for n in range(5000)], capacity=1000, step=250)
    assert 1000 - CHUNK <= len(buffer) <= 1000
    assert buffer[len(buffer) - 1].text == "4999"
    assert buffer[0].text == str(5000 - len(buffer))
    assert buffer.dropped == 5000 - len(buffer)


@settings(max_examples=30)
@given(st.lists(TEXT, min_size=1, max_size=700), st.integers(8, 40))
def test_each_row_of_wrapped_lines_belongs_to_the_right_line(texts: list[str], width: int) -> None:
    buffer = filled(texts, step=64)
    heights = buffer.heights(width)
    expected = [
        (number, piece)
        for number, text in enumerate(texts)
        for piece in range(max(-(-cell_len(stripped(text)) // width), 1))
    ]
    assert sum(heights) == len(expected)
    for row in range(0, len(expected), max(len(expected) // 50, 1)):
        assert buffer.place(row, heights, width) == expected[row]
    for number in range(0, len(texts), max(len(texts) // 20, 1)):
        assert buffer.row_of(number, heights, width) == expected.index((number, 0))


@settings(max_examples=50)
@given(
    st.lists(st.sampled_from(["alpha", "Beta", "gamma one", "", "one"]), min_size=1, max_size=1200),
    st.sampled_from(["alpha", "ONE", "^$", "a$", "^one", "b.ta", r"\Agamma", "nowhere"]),
    st.sampled_from([1, -1]),
    st.floats(0, 1),
)
def test_a_search_finds_what_looking_at_every_line_finds(
    texts: list[str], wanted: str, step: int, where: float
) -> None:
    pattern = re.compile(wanted, re.IGNORECASE)
    chunks = filled(texts, step=300).chunks
    start = int(where * (len(texts) - 1))
    matching = [n for n, text in enumerate(texts) if pattern.search(text)]
    ahead = [n for n in matching if (n - start) * step > 0]
    expected = (ahead or matching or [None])[0 if step > 0 else -1]
    assert find(chunks, pattern, start, step) == expected
    assert count(chunks, pattern) == len(matching)


def test_a_selection_keeps_times_streams_and_colours() -> None:
    chunk = chunk_of(lines(["one", "two", "\x1b[31mred one\x1b[0m"]))
    kept = selection(chunk, Search(re.compile("one")))
    assert kept is not None
    buffer = LogBuffer()
    buffer.extend(kept)
    assert [(e.time_ns, e.error, e.text) for e in buffer.entries(0, 2)] == [(0, False, "one"), (2, True, "red one")]
    assert runs(buffer[1].raw)[0][1] is not None
    assert selection(chunk, Search(re.compile("nowhere"))) is None
    out = selection(chunk, Search(re.compile("one")), inverted=True)
    assert out is not None and out.text == "two"


def test_long_lines_fall_out_before_they_take_more_than_their_room() -> None:
    buffer = LogBuffer(room=1 << 20)
    for number in range(100):
        buffer.extend(chunk_of(lines([f"{number} {'é' * 50_000}"])))
        assert sum(map(size_of, buffer.chunks)) <= 1 << 20
    assert len(buffer) < 40 and buffer[len(buffer) - 1].text.startswith("99 ")
    assert buffer[0].text.startswith(f"{buffer.dropped} ")


def test_a_chunk_of_long_lines_takes_no_more_of_them() -> None:
    assert [len(chunk.errors) for chunk in filled(["x" * 400_000] * 5, step=1).chunks] == [2, 2, 1]
