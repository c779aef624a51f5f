"""Keys as a terminal sends them (xterm, ctlseqs, "PC-Style Function Keys"). Pure: names in, bytes out."""

from __future__ import annotations

_LETTERED = {"up": "A", "down": "B", "right": "C", "left": "D", "home": "H", "end": "F"}
_NUMBERED = {
    "insert": 2,
    "delete": 3,
    "pageup": 5,
    "pagedown": 6,
    "f5": 15,
    "f6": 17,
    "f7": 18,
    "f8": 19,
    "f9": 20,
    "f10": 21,
    "f11": 23,
    "f12": 24,
}
_FUNCTION = {"f1": "P", "f2": "Q", "f3": "R", "f4": "S"}
_PLAIN = {"enter": b"\r", "return": b"\r", "tab": b"\t", "escape": b"\x1b", "backspace": b"\x7f", "space": b" "}
_MODIFIERS = {"shift": 1, "alt": 2, "ctrl": 4}
_CONTROLS = {
    "at": 0,
    "space": 0,
    "left_square_bracket": 0x1B,
    "backslash": 0x1C,
    "right_square_bracket": 0x1D,
    "circumflex_accent": 0x1E,
    "underscore": 0x1F,
    "slash": 0x1F,
    "minus": 0x1F,
    "backspace": 0x08,
    "enter": 0x0A,
    "@": 0,
    "2": 0,
    "3": 0x1B,
    "4": 0x1C,
    "5": 0x1D,
    "6": 0x1E,
    "7": 0x1F,
}


def encode(key: str, character: str | None, *, application: bool = False) -> bytes:
    """What a key sends: `key` by Textual's name ("ctrl+a", "alt+shift+left"), `character` what it types.
    `application` is DECCKM. Empty for a key that no terminal has."""
    *names, last = key.split("+") if key != "+" else ["+"]
    modifiers = {name for name in names if name in _MODIFIERS}
    if last in _LETTERED or last in _NUMBERED or last in _FUNCTION:
        return _function(last, sum(_MODIFIERS[m] for m in modifiers), application)
    if last == "tab" and "shift" in modifiers:
        return b"\x1b[Z"
    prefix = b"\x1b" if "alt" in modifiers else b""
    if "ctrl" in modifiers:
        if len(last) == 1 and last.isascii() and last.isalpha():
            return prefix + bytes([ord(last.lower()) & 0x1F])
        return prefix + bytes([_CONTROLS[last]]) if last in _CONTROLS else b""
    if last in _PLAIN:
        return prefix + _PLAIN[last]
    typed = character if character and (len(character) > 1 or character.isprintable()) else ""
    if not typed and len(last) == 1:
        typed = last.upper() if "shift" in modifiers else last
    return prefix + typed.encode(errors="replace") if typed else b""


def _function(name: str, modifiers: int, application: bool) -> bytes:
    modified = f";{modifiers + 1}" if modifiers else ""
    if name in _NUMBERED:
        return f"\x1b[{_NUMBERED[name]}{modified}~".encode()
    final = _LETTERED.get(name) or _FUNCTION[name]
    if modifiers:
        return f"\x1b[1{modified}{final}".encode()
    return f"\x1b{'O' if application or name in _FUNCTION else '['}{final}".encode()


def pasted(text: str, *, bracketed: bool) -> bytes:
    """Pasted text as it is sent: lines end as the enter key ends them, and the end mark of a bracketed paste
    cannot be part of it."""
    data = text.replace("\r\n", "\r").replace("\n", "\r").encode(errors="replace")
    if not bracketed:
        return data
    return b"\x1b[200~" + data.replace(b"\x1b[201~", b"") + b"\x1b[201~"


def wheel(up: bool, column: int, row: int) -> bytes:
    """A turn of the mouse wheel as SGR mouse reporting tells it (column and row from 0)."""
    return f"\x1b[<{64 if up else 65};{column + 1};{row + 1}M".encode()


def button(number: int, column: int, row: int, *, released: bool) -> bytes:
    """A mouse button as SGR mouse reporting tells it: 0 left, 1 middle, 2 right."""
    return f"\x1b[<{number};{column + 1};{row + 1}{'m' if released else 'M'}".encode()
