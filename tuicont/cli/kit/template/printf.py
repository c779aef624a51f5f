"""The verbs of Go's printf (pkg.go.dev/fmt, "Printing"), its ways to tell of mistakes included. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from tuicont.cli.kit.template.printing import NO_VALUE, compound, encoded, kind, printed, quoted, shortest

_VERB = re.compile(r"%([-+# 0]*)(\*|\d+)?(?:\.(\*|\d*))?(.?)", re.DOTALL)
_WIDEST = 1_000_000
"""As Go has it: what asks for more is a mistake."""


def sprintf(form: str, arguments: Sequence[Any]) -> str:
    """`form` with its verbs filled by the arguments."""
    left = list(arguments)
    text = _VERB.sub(lambda match: _filled(match, left), form)
    if not left:
        return text
    extra = ", ".join(value if value == "<nil>" else f"{kind(v)}={value}" for v in left for value in (printed(v),))
    return f"{text}%!(EXTRA {extra})"


def _filled(match: re.Match[str], left: list[Any]) -> str:
    flags, asked_width, asked_precision, verb = match.groups()
    if not verb:
        return "%!(NOVERB)"
    if verb == "%":
        return "%"
    width, wrong = _number(asked_width, left, "WIDTH")
    precision, more_wrong = _number(asked_precision, left, "PREC")
    if width is not None and width < 0:
        flags, width = f"{flags}-", -width
    if not left:
        return f"{wrong}{more_wrong}%!{verb}(MISSING)"
    spec = _Spec(flags, width or 0, precision, verb)
    return f"{wrong}{more_wrong}{spec.of(left.pop(0))}"


def _number(text: str | None, left: list[Any], name: str) -> tuple[int | None, str]:
    """A width or precision, and what is said when it is none."""
    if text is None:
        return None, ""
    number = (left.pop(0) if left else None) if text == "*" else int(text or "0") if len(text) < 9 else _WIDEST + 1
    if isinstance(number, bool) or not isinstance(number, int) or abs(number) > _WIDEST:
        return None, f"%!(BAD{name})"
    return number, ""


class _Spec:
    """One verb with what stands before it."""

    def __init__(self, flags: str, width: int, precision: int | None, verb: str) -> None:
        self._flags = flags
        self._width = width
        self._precision = precision
        self._verb = verb

    def of(self, value: Any) -> str:
        """The value by this verb; of a list or map, its parts by it."""
        verb = self._verb
        if verb == "T":
            return self._padded(kind(value))
        if value is None or value is NO_VALUE:
            return self._padded("<nil>") if verb == "v" else f"%!{verb}(<nil>)"
        if (text := compound(value, self.of)) is not None:
            return text
        write = _WRITERS.get((_KINDS.get(type(value), ""), verb))
        return f"%!{verb}({kind(value)}={printed(value)})" if write is None else write(self, value)

    def text(self, value: str) -> str:
        """%s."""
        return self._padded(value if self._precision is None else value[: self._precision])

    def quote(self, value: str) -> str:
        """%q of a text."""
        return self._padded(quoted(value if self._precision is None else value[: self._precision]))

    def word(self, value: bool) -> str:
        """%t and %v of a boolean."""
        return self._padded(printed(value))

    def character(self, value: int) -> str:
        """%c."""
        return self._padded(_character(value))

    def quoted_character(self, value: int) -> str:
        """%q of a number."""
        return self._padded(f"'{_character(value)}'")

    def code_point(self, value: int) -> str:
        """%U."""
        return self._padded(f"U+{value:04X}")

    def binary(self, value: int) -> str:
        """%b of a number."""
        return self._padded(f"{value:b}")

    def hexadecimal(self, value: str) -> str:
        """%x and %X of a text: its bytes."""
        digits = encoded(value).hex()
        return self._padded(digits.upper() if self._verb == "X" else digits)

    def number(self, value: int | float) -> str:
        """What Python's own % writes alike."""
        verb = "d" if self._verb == "v" else self._verb
        precision = "" if self._precision is None else f".{self._precision}"
        flags = self._flags.replace("#", "") if verb in "do" else self._flags
        return f"%{flags}{self._width or ''}{precision}{verb}" % value

    def shortest(self, value: float) -> str:
        """%v, and %g and %G without a precision."""
        if self._precision is not None:
            return f"%{self._flags}{self._width or ''}.{self._precision}{self._verb.replace('v', 'g')}" % value
        text = shortest(value).upper() if self._verb == "G" else shortest(value)
        if "+" in self._flags and value >= 0:
            text = f"+{text}"
        return text.zfill(self._width) if "0" in self._flags and "-" not in self._flags else self._padded(text)

    def _padded(self, text: str) -> str:
        return text.ljust(self._width) if "-" in self._flags else text.rjust(self._width)


_KINDS = {bool: "bool", int: "int", float: "float", str: "str"}
_WRITERS: dict[tuple[str, str], Callable[[_Spec, Any], str]] = {
    **{("str", verb): _Spec.text for verb in "sv"},
    **{("str", verb): _Spec.hexadecimal for verb in "xX"},
    ("str", "q"): _Spec.quote,
    **{("bool", verb): _Spec.word for verb in "tv"},
    **{("int", verb): _Spec.number for verb in "dvxXo"},
    ("int", "b"): _Spec.binary,
    ("int", "c"): _Spec.character,
    ("int", "q"): _Spec.quoted_character,
    ("int", "U"): _Spec.code_point,
    **{("float", verb): _Spec.number for verb in "eEfF"},
    **{("float", verb): _Spec.shortest for verb in "gGv"},
}


def _character(value: int) -> str:
    return chr(value) if 0 <= value < 0xD800 or 0xE000 <= value < 0x110000 else "\ufffd"
