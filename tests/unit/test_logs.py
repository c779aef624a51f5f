"""Reading logs: partial lines, rotation, tails, and what a hostile file holds."""

from __future__ import annotations

import os
import tempfile
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuicont.core.logs.entries import LINE_MOST, LineAssembler, parse_entry, parse_time
from tuicont.core.logs.files import LogFiles
from tuicont.core.logs.reader import read_log
from tuicont.core.model.container import LogLine, LogQuery


def entry(second: int, text: str, stream: str = "stdout", tag: str = "F") -> str:
    return f"2026-01-02T03:04:{second:02}.000000001Z {stream} {tag} {text}\n"


def texts(path: Path, query: LogQuery = LogQuery()) -> list[str]:
    return [line.text for line in read_log(str(path), query, lambda: True)]


def test_a_time_has_nanoseconds() -> None:
    assert parse_time(b"1970-01-01T00:00:01.000000002Z") == 1_000_000_002
    assert parse_time(b"1970-01-01T00:01:00Z") == 60_000_000_000


def test_a_line_may_hold_spaces_and_be_empty() -> None:
    assert parse_entry(b"1970-01-01T00:00:01.5Z stderr F a b  c") == (1_500_000_000, "stderr", True, b"a b  c")
    assert parse_entry(b"1970-01-01T00:00:01.5Z stdout F ") == (1_500_000_000, "stdout", True, b"")


@given(st.binary(max_size=200))
def test_no_bytes_break_the_parser(data: bytes) -> None:
    parsed = parse_entry(data)
    assert parsed is None or parsed[1] in ("stdout", "stderr")


def test_parts_of_two_streams_are_joined_apart() -> None:
    assembler = LineAssembler()
    lines = [
        assembler.add(entry(1, text, stream, tag).rstrip("\n").encode())
        for text, stream, tag in [
            ("a", "stdout", "P"),
            ("x", "stderr", "P"),
            ("b", "stdout", "F"),
            ("y", "stderr", "F"),
        ]
    ]
    assert [line.text for line in lines if line] == ["ab", "xy"]


@pytest.mark.parametrize("count", [0, 1, 2, 5, 9])
def test_the_tail_reaches_back_into_rotated_files(tmp_path: Path, count: int) -> None:
    (tmp_path / "log.2").write_text(entry(0, "zero"))
    (tmp_path / "log.9").write_text(entry(1, "one") + entry(2, "two"))
    (tmp_path / "log.10").write_text(entry(3, "three"))
    (tmp_path / "log").write_text(entry(4, "four") + entry(5, "five"))
    every = ["zero", "one", "two", "three", "four", "five"]
    assert texts(tmp_path / "log", LogQuery(tail=count)) == every[len(every) - min(count, 6) :]


def test_a_long_tail_is_not_parsed_from_the_beginning(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("".join(entry(n % 60, f"line {n} {'x' * 100}") for n in range(3000)))
    assert texts(tmp_path / "log", LogQuery(tail=700))[0].startswith("line 2300 ")


def test_since_and_until_are_half_open(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("".join(entry(n, str(n)) for n in range(5)))
    at = [line.time_ns for line in read_log(str(tmp_path / "log"), LogQuery(), lambda: True)]
    assert texts(tmp_path / "log", LogQuery(since_ns=at[1], until_ns=at[3])) == ["1", "2"]


def test_what_was_begun_and_never_ended_is_shown(tmp_path: Path) -> None:
    (tmp_path / "log").write_text(entry(1, "prompt> ", tag="P"))
    assert texts(tmp_path / "log") == ["prompt> "]


PIECES = st.lists(
    st.tuples(st.sampled_from(["stdout", "stderr"]), st.sampled_from("FFP"), st.booleans()), min_size=1, max_size=40
)


@given(PIECES, st.integers(0, 12), st.none() | st.integers(0, 40), st.none() | st.integers(0, 40))
def test_the_tail_is_the_end_of_all_lines(
    pieces: list[tuple[str, str, bool]], tail: int, since: int | None, until: int | None
) -> None:
    """However many entries a line has, in how many files, and whether it has ended."""
    with tempfile.TemporaryDirectory() as directory:
        log, number, start = Path(directory, "log"), 1, parse_time(entry(0, "").split()[0].encode())
        for at, (stream, tag, rotates) in enumerate(pieces):
            with log.open("a") as file:
                file.write(entry(at, f"{at} ", stream, tag))
            if rotates:
                log.rename(f"{log}.{number}")
                number += 1
        bounds = {
            "since_ns": None if since is None else start + since * 1_000_000_000,
            "until_ns": None if until is None else start + until * 1_000_000_000,
        }
        every = [line.text for line in read_log(str(log), LogQuery(**bounds), lambda: True)]
        shown = [line.text for line in read_log(str(log), LogQuery(tail=tail, **bounds), lambda: True)]
    assert sorted(shown) == sorted(every[len(every) - min(tail, len(every)) :])


def test_what_has_not_ended_has_the_time_of_its_last_piece(tmp_path: Path) -> None:
    (tmp_path / "log").write_text(entry(1, "one ") + entry(2, "two ", tag="P") + entry(3, "three", tag="P"))
    *_, begun = read_log(str(tmp_path / "log"), LogQuery(), lambda: True)
    at = begun.time_ns
    assert (at, begun.text) == (parse_time(entry(3, "").split()[0].encode()), "two three")
    assert texts(tmp_path / "log", LogQuery(since_ns=at)) == ["two three"]
    assert texts(tmp_path / "log", LogQuery(until_ns=at)) == ["one "]
    assert texts(tmp_path / "log", LogQuery(tail=0)) == []


def test_following_ends_at_the_end_of_the_time_asked_for(tmp_path: Path) -> None:
    log, began = tmp_path / "log", time.time_ns()
    log.write_text(entry(1, "first"))
    query = LogQuery(follow=True, until_ns=began + 300_000_000)
    assert [line.text for line in read_log(str(log), query, lambda: False)] == ["first"]
    assert 300_000_000 <= time.time_ns() - began < 5_000_000_000


def test_a_log_that_is_cut_while_it_is_followed_is_read_from_its_new_beginning(tmp_path: Path) -> None:
    """Also when it has grown again beyond where it was read."""
    log = tmp_path / "log"
    files = LogFiles(str(log), follow=True)
    log.write_text(entry(1, "one") + entry(2, "two"))
    assert len(list(files.entries())) == 2
    log.write_text("".join(entry(n, "new") for n in range(3, 9)))
    assert len(list(files.entries())) == 6
    log.write_text("")
    assert list(files.entries()) == []
    log.write_text(entry(9, "last"))
    assert len(list(files.entries())) == 1
    files.close()


def test_a_missing_log_is_empty(tmp_path: Path) -> None:
    assert texts(tmp_path / "log") == []


def test_a_link_in_the_place_of_a_log_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(entry(1, "secret"))
    (tmp_path / "log").symlink_to(tmp_path / "secret")
    with pytest.raises(OSError, match="symbolic links"):
        texts(tmp_path / "log")


def test_following_goes_on_through_a_rotation_until_the_end(tmp_path: Path) -> None:
    log, ended, seen = tmp_path / "log", threading.Event(), list[LogLine]()
    log.write_text(entry(1, "first"))
    arrived = {name: threading.Event() for name in ("first", "second", "third")}

    def follow() -> None:
        for line in read_log(str(log), LogQuery(follow=True), ended.is_set):
            seen.append(line)
            arrived[line.text].set()

    reader = threading.Thread(target=follow)
    reader.start()
    assert arrived["first"].wait(5)
    with log.open("a") as file:
        file.write(entry(2, "second"))
    assert arrived["second"].wait(5)
    os.rename(log, tmp_path / "log.1")
    log.write_text(entry(3, "third"))
    assert arrived["third"].wait(5)
    ended.set()
    reader.join(5)
    assert not reader.is_alive()
    assert [line.text for line in seen] == ["first", "second", "third"]


def test_a_reader_that_looks_in_the_middle_of_a_rotation_reads_nothing_twice(tmp_path: Path) -> None:
    """Between the two there is no file of the log's own name, and the one that was read may be missed."""
    log, files = tmp_path / "log", LogFiles(str(tmp_path / "log"), follow=True)
    log.write_text(entry(1, "first"))
    assert len(list(files.entries())) == 1
    hidden = tmp_path / "between"
    os.rename(log, hidden)
    assert list(files.entries()) == []
    os.rename(hidden, tmp_path / "log.1")
    assert list(files.entries()) == []
    log.write_text(entry(2, "second"))
    assert [text.split(b" ")[-1] for text in files.entries()] == [b"second"]


def test_a_line_without_end_comes_in_bounded_pieces_and_nothing_of_it_is_lost(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("".join(entry(1, "x" * 10_000, tag="P") for _ in range(30)) + entry(2, "end") + entry(3, "next"))
    lines = list(read_log(str(log), LogQuery(), lambda: True))
    assert max(len(line.text) for line in lines) < LINE_MOST + 10_000
    assert "".join(line.text + "\n" * line.complete for line in lines) == "x" * 300_000 + "end\nnext\n"
    assert texts(log, LogQuery(tail=1)) == ["next"]


def test_bytes_that_are_no_text_come_back_as_they_were(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"2026-01-02T03:04:05.000000001Z stdout F a\xff\xc3\n")
    assert [text.encode("utf-8", "surrogateescape") for text in texts(tmp_path / "log")] == [b"a\xff\xc3"]


def test_the_last_lines_between_two_times(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("".join(entry(n, str(n)) for n in range(9)))
    at = [line.time_ns for line in read_log(str(tmp_path / "log"), LogQuery(), lambda: True)]
    assert texts(tmp_path / "log", LogQuery(tail=2, until_ns=at[5])) == ["3", "4"]
    assert texts(tmp_path / "log", LogQuery(tail=2, since_ns=at[8])) == ["8"]
