"""The terminal's language and keys, without a screen to draw on."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tuicont.widgets.terminal.keys import encode, pasted, wheel
from tuicont.widgets.terminal.screen import CURSOR_KEYS, TerminalScreen
from tuicont.widgets.terminal.stream import TerminalStream

FRAGMENTS = st.one_of(
    st.binary(max_size=40),
    st.sampled_from(b"\x1b[ \x1b] \x1bP \x1b \x9b ; ? > ! 38:2::1:2:3m 999999999 m h l r J K S T b L M @ P X".split()),
    st.sampled_from(b"\x1b(0 \x0e \x1b#8 \x1bc \x1b7 \x1b8 \x1b[?1049h \x1b[?1049l \x1b[4h \x1b[2;3r \x1b[?6h".split()),
    st.sampled_from(["e" + "\u0301" * 9, "漢字", "\u202e\u200d\ufe0f", "\x07", "\r\n", "\x18"]).map(str.encode),
)


class Kit:
    """A terminal of 20 by 5."""

    def __init__(self, columns: int = 20, lines: int = 5) -> None:
        self.answers = b""
        self.screen = TerminalScreen(columns, lines, self._answer)
        self.stream = TerminalStream(self.screen)

    def _answer(self, data: bytes) -> None:
        self.answers += data

    def say(self, data: bytes | str) -> Kit:
        self.stream.feed(data if isinstance(data, bytes) else data.encode())
        return self

    @property
    def lines(self) -> list[str]:
        return [line.rstrip() for line in self.screen.display]


@given(st.lists(FRAGMENTS, max_size=60), st.lists(st.tuples(st.integers(1, 30), st.integers(2, 60)), max_size=3))
@example([b"\x1b[?6h", b"\x1b[6n"], [])
@example([b"\x1b[5;1r", b"\x1b[99L"], [(1, 2)])
def test_no_bytes_whatever_make_it_fail(pieces: list[bytes], sizes: list[tuple[int, int]]) -> None:
    kit = Kit()
    for number, piece in enumerate(pieces):
        kit.say(piece)
        if number < len(sizes):
            kit.screen.resize(*sizes[number])
    assert len(kit.screen.display) == kit.screen.lines
    assert 0 <= kit.screen.cursor.y < kit.screen.lines
    assert 0 <= kit.screen.cursor.x <= kit.screen.columns
    assert not any(unicodedata.category(c) in ("Cc", "Cf", "Cs") for line in kit.screen.display for c in line)


@given(st.lists(FRAGMENTS, max_size=30))
def test_it_does_not_matter_how_the_bytes_are_cut(pieces: list[bytes]) -> None:
    data = b"".join(pieces)
    whole, cut = Kit().say(data), Kit()
    for at in range(len(data)):
        cut.say(data[at : at + 1])
    assert whole.screen.display == cut.screen.display
    assert whole.answers == cut.answers


def test_colours_of_every_kind_are_kept() -> None:
    kit = Kit().say("\x1b[31ma\x1b[38;5;196mb\x1b[38;2;1;2;3mc\x1b[38:2::4:5:6md\x1b[0me")
    assert [kit.screen.buffer[0][x].fg for x in range(5)] == ["red", "ff0000", "010203", "040506", "default"]


def test_sequences_for_other_terminals_change_nothing() -> None:
    kit = Kit().say(b"a\x1b[>4;2m\x1b[>c\x1b[=1;1u\x1bP+q544e\x1b\\\x1b_secret\x1b\\\x1b]52;c;ZXZpbA==\x07b")
    assert kit.lines[0] == "ab"
    assert not kit.screen.buffer[0][1].underscore
    assert kit.answers == b""


def test_the_alternate_screen_gives_the_first_one_back() -> None:
    kit = Kit().say("shell\r\n$ ").say("\x1b[?1049h\x1b[H\x1b[2Jeditor")
    assert kit.lines[0] == "editor"
    kit.say("\x1b[?1049l")
    assert kit.lines[:2] == ["shell", "$"]
    assert (kit.screen.cursor.x, kit.screen.cursor.y) == (2, 1)


def test_lines_that_leave_the_top_are_kept_but_not_those_of_a_full_screen_program() -> None:
    kit = Kit().say("".join(f"{n}\r\n" for n in range(8)))
    assert ["".join(row[x].data for x in sorted(row)) for row in kit.screen.history] == ["0", "1", "2", "3"]
    kit.say("\x1b[?1049h" + "x\r\n" * 20 + "\x1b[?1049l")
    assert len(kit.screen.history) == 4


def test_a_smaller_terminal_drops_blank_lines_before_written_ones() -> None:
    kit = Kit().say("one\r\ntwo")
    kit.screen.resize(3, 20)
    assert kit.lines == ["one", "two", ""]
    kit.screen.resize(1, 20)
    assert kit.lines == ["two"]
    assert len(kit.screen.history) == 1


def test_line_drawing_characters_are_drawn() -> None:
    assert Kit().say(b"\x1b(0lqk\x1b(B-").lines[0] == "┌─┐-"


def test_a_long_run_of_marks_stays_in_its_cell() -> None:
    kit = Kit().say("a" + "\u0301\u0302\u0303" * 500 + "b")
    assert len(kit.screen.buffer[0][0].data) < 8
    assert kit.screen.buffer[0][1].data == "b"


def test_text_after_a_format_character_is_not_lost() -> None:
    assert Kit().say("a\u200db\u202ec").lines[0] == "abc"


def test_it_says_where_its_cursor_is_and_what_it_is() -> None:
    assert Kit().say(b"ab\x1b[6n\x1b[c\x1b[5n").answers == b"\x1b[1;3R\x1b[?62;22c\x1b[0n"


def test_a_scroll_region_and_scrolling_in_it() -> None:
    kit = Kit().say("a\r\nb\r\nc\r\nd\r\ne\x1b[2;4r\x1b[S")
    assert kit.lines == ["a", "c", "d", "", "e"]
    kit.say("\x1b[2T")
    assert kit.lines == ["a", "", "", "c", "e"]


@pytest.mark.parametrize(
    ("key", "character", "expected"),
    [
        ("a", "a", b"a"),
        ("A", "A", b"A"),
        ("upper_a", "A", b"A"),
        ("question_mark", "?", b"?"),
        ("ä", "ä", "ä".encode()),
        ("enter", "\r", b"\r"),
        ("backspace", "\x7f", b"\x7f"),
        ("escape", "\x1b", b"\x1b"),
        ("tab", "\t", b"\t"),
        ("shift+tab", None, b"\x1b[Z"),
        ("ctrl+c", "\x03", b"\x03"),
        ("ctrl+backslash", "\x1c", b"\x1c"),
        ("ctrl+space", None, b"\x00"),
        ("alt+b", None, b"\x1bb"),
        ("alt+ctrl+c", None, b"\x1b\x03"),
        ("up", None, b"\x1b[A"),
        ("shift+up", None, b"\x1b[1;2A"),
        ("ctrl+alt+left", None, b"\x1b[1;7D"),
        ("f1", None, b"\x1bOP"),
        ("f5", None, b"\x1b[15~"),
        ("ctrl+f5", None, b"\x1b[15;5~"),
        ("delete", None, b"\x1b[3~"),
        ("pageup", None, b"\x1b[5~"),
        ("home", None, b"\x1b[H"),
        ("f20", None, b""),
    ],
)
def test_a_key_sends_what_xterm_sends(key: str, character: str | None, expected: bytes) -> None:
    assert encode(key, character) == expected


def test_arrows_change_with_the_cursor_key_mode() -> None:
    kit = Kit()
    assert CURSOR_KEYS not in kit.screen.mode
    kit.say(b"\x1b[?1h")
    assert CURSOR_KEYS in kit.screen.mode
    assert encode("up", None, application=True) == b"\x1bOA"
    assert encode("shift+up", None, application=True) == b"\x1b[1;2A"


@given(st.text())
def test_a_paste_cannot_end_its_own_brackets(text: str) -> None:
    data = pasted(text, bracketed=True)
    assert data.startswith(b"\x1b[200~") and data.endswith(b"\x1b[201~")
    assert data.count(b"\x1b[201~") == 1


def test_the_wheel_is_told_in_sgr_form() -> None:
    assert wheel(True, 0, 4) == b"\x1b[<64;1;5M"
