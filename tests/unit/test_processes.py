"""Reading of procfs, without a kernel."""

from __future__ import annotations

import pytest

from tuicont.core.host.processes import parse_command, parse_stat, parse_status


def test_a_command_name_may_hold_brackets_and_spaces() -> None:
    comm, fields = parse_stat(b"42 (a) b (c) S 1 42 0")
    assert comm == "a) b (c"
    assert fields == [b"S", b"1", b"42", b"0"]


def test_the_innermost_pid_and_the_real_uid_are_read() -> None:
    text = b"Name:\tsh\nUid:\t1000\t0\t0\t0\nNSpid:\t4102\t17\t1\n"
    assert parse_status(text) == (1000, 1)


@pytest.mark.parametrize("character", ["\r", "\v", "\f", "\x1c", "\x85"])
def test_a_name_that_looks_like_a_line_is_none(character: str) -> None:
    text = f"Name:\ta{character}Uid:\nUid:\t1000\t0\t0\t0\nNSpid:\t4102\t17\n"
    assert parse_status(text.encode()) == (1000, 17)


def test_a_kernel_without_nspid_gives_no_inner_pid() -> None:
    assert parse_status(b"Uid:\t0\t0\t0\t0\n") == (0, 0)


def test_a_process_without_arguments_shows_its_name_in_brackets() -> None:
    assert parse_command(b"", "kworker") == "[kworker]"
    assert parse_command(b"sh\0-c\0\xff\0", "sh") == "sh -c \N{REPLACEMENT CHARACTER}"
