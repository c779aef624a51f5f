"""The language of a terminal: bytes to calls on a screen, after ECMA-48 and xterm's ctlseqs.

Knows no widget. pyte's screen is the model; this parser takes the place of pyte's own, which takes private
sequences (`CSI > 4 m`) for others, shows device control strings as text and ends with an exception on some
input. Nothing that comes in raises: a sequence that makes no sense does nothing.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable

from tuicont.widgets.terminal.screen import TerminalScreen

_TOKEN = re.compile(
    r"(?P<text>[^\x00-\x1f\x7f-\x9f]+)"
    r"|(?:\x1b\[|\x9b)(?P<private>[<=>?]?)(?P<params>[0-9:;]*)(?P<between>[ -/]*)(?P<final>[@-~])"
    r"|(?:\x1b\]|\x9d)(?P<osc>[^\x07\x1b\x9c\x18\x1a]*)(?:\x07|\x1b\\|\x9c|[\x18\x1a])"
    r"|(?:\x1b[PX^_]|[\x90\x98\x9e\x9f])[^\x1b\x9c\x18\x1a]*(?:\x1b\\|\x9c|[\x18\x1a])"
    r"|\x1b(?P<set>[()])(?P<charset>[0-~])"
    r"|\x1b[ -'*-/]+[0-~]"
    r"|\x1b(?P<escape>[0-OQ-WYZ\\`-~])"
    r"|(?P<control>[\x00-\x1a\x1c-\x1f\x7f-\x8f\x91-\x97\x99\x9a\x9c])",
    re.DOTALL,
)
_BEGUN = re.compile(
    r"(?:\x1b(?:\[[<=>?]?[0-9:;]*[ -/]*|[\]PX^_][^\x07\x1b\x9c\x18\x1a]*\x1b?|[ -/]*)?"
    r"|\x9b[<=>?]?[0-9:;]*[ -/]*|[\x9d\x90\x98\x9e\x9f][^\x07\x1b\x9c\x18\x1a]*\x1b?)\Z",
    re.DOTALL,
)
_BEGUN_MOST = 1 << 16
"""Characters of a sequence without end that are kept before it is given up."""
_MOST = 9999

_SCREEN_CSI = {
    "@": "insert_characters",
    "A": "cursor_up",
    "B": "cursor_down",
    "C": "cursor_forward",
    "D": "cursor_back",
    "E": "cursor_down1",
    "F": "cursor_up1",
    "G": "cursor_to_column",
    "H": "cursor_position",
    "I": "tabs",
    "J": "erase_in_display",
    "K": "erase_in_line",
    "L": "insert_lines",
    "M": "delete_lines",
    "P": "delete_characters",
    "S": "scroll_up",
    "T": "scroll_down",
    "X": "erase_characters",
    "Z": "tabs_back",
    "`": "cursor_to_column",
    "a": "cursor_forward",
    "b": "repeat",
    "c": "report_device_attributes",
    "d": "cursor_to_line",
    "e": "cursor_down",
    "f": "cursor_position",
    "g": "clear_tab_stop",
    "h": "set_mode",
    "l": "reset_mode",
    "n": "report_device_status",
    "r": "set_margins",
    "s": "save_cursor",
    "u": "restore_cursor",
}
_ARGUMENTS = {"H": 2, "f": 2, "r": 2, "s": 0, "u": 0, "h": 32, "l": 32}
"""How many parameters a sequence takes; 1 where nothing is said."""
_ESCAPES = {
    "7": "save_cursor",
    "8": "restore_cursor",
    "D": "index",
    "E": "next_line",
    "H": "set_tab_stop",
    "M": "reverse_index",
    "c": "reset",
}
_CONTROLS = {
    "\x07": "bell",
    "\x08": "backspace",
    "\x09": "tab",
    "\x0a": "linefeed",
    "\x0b": "linefeed",
    "\x0c": "linefeed",
    "\x0d": "carriage_return",
    "\x0e": "shift_out",
    "\x0f": "shift_in",
    "\x84": "index",
    "\x85": "next_line",
    "\x88": "set_tab_stop",
    "\x8d": "reverse_index",
}


class TerminalStream:
    """Feeds one screen."""

    def __init__(self, screen: TerminalScreen) -> None:
        self._screen = screen
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._rest = ""
        self._csi = {final: getattr(screen, name) for final, name in _SCREEN_CSI.items()}
        self._escapes = {char: getattr(screen, name) for char, name in _ESCAPES.items()}
        self._controls = {char: getattr(screen, name) for char, name in _CONTROLS.items()}

    def feed(self, data: bytes) -> None:
        """Bytes as they come; what is cut off at the end is kept for the next call. Never raises."""
        text = self._rest + self._decode(data)
        self._rest = ""
        at, end = 0, len(text)
        match_at = _TOKEN.match
        while at < end:
            match = match_at(text, at)
            if match is not None:
                at = match.end()
                self._take(match)
            elif _BEGUN.match(text, at) and end - at < _BEGUN_MOST:
                self._rest = text[at:]
                return
            else:
                at += 1

    def _take(self, match: re.Match[str]) -> None:
        kind = match.lastgroup
        screen = self._screen
        if kind == "text":
            self._call(screen.draw, match["text"])
        elif kind == "control":
            action = self._controls.get(match["control"])
            if action is not None:
                self._call(action)
        elif kind == "final":
            self._control_sequence(match["private"], match["params"], match["between"], match["final"])
        elif kind == "escape":
            action = self._escapes.get(match["escape"])
            if action is not None:
                self._call(action)
        elif kind == "charset":
            self._call(screen.define_charset, match["charset"], match["set"])
        elif kind == "osc":
            number, _, value = match["osc"].partition(";")
            if number in ("0", "2"):
                self._call(screen.set_title, value)

    def _control_sequence(self, private: str, params: str, between: str, final: str) -> None:
        if final == "m":
            if not private and not between:
                self._call(self._screen.select_graphic_rendition, *_rendition(params))
            return
        if between == "!" and final == "p":
            self._call(self._screen.soft_reset)
            return
        action = self._csi.get(final)
        if action is None or between or private not in ("", "?"):
            return
        numbers = [min(int(p), _MOST) if p else 0 for p in re.split("[;:]", params)] if params else []
        numbers = numbers[: _ARGUMENTS.get(final, 1)]
        if final in "hl":
            self._call(action, *numbers, private=bool(private))
        elif not private or final in "JKn":
            self._call(action, *numbers)

    def _call(self, action: Callable[..., None], *arguments: object, **named: object) -> None:
        try:
            action(*arguments, **named)
        except Exception:
            # pyte does not expect every parameter that a program can send, and fails in many ways; whatever a
            # container writes, the pane goes on.
            return


def _rendition(params: str) -> list[int]:
    """SGR parameters as pyte takes them: `4:3` (a curly underline) is 4, `38:2::r:g:b` is `38;2;r;g;b`."""
    numbers: list[int] = []
    for part in params.split(";") if params else ():
        head, *rest = part.split(":")
        code = min(int(head), _MOST) if head else 0
        if not rest:
            numbers.append(code)
        elif code in (38, 48):
            values = [min(int(r), 255) if r else 0 for r in rest]
            kind = values[0] if values else 0
            numbers += [code, kind, *(values[-3:] if kind == 2 else values[1:2])]
        elif code == 4:
            numbers.append(24 if rest[0] == "0" else 4)
    return numbers
