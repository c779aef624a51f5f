"""Errors as text: the engine has its own words; of a fault of this program, its type and its place. Pure.

A fault is every exception that is no `EngineError`: nobody expected it, so its words alone would help nobody.
"""

from __future__ import annotations

import os

from tuicont.core.errors import EngineError
from tuicont.text.units import plain, shorten, visible

_HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_WORDS_MOST = 300
"""Characters of what a fault says of itself: a decoder's error quotes all that it decoded."""


def words(error: BaseException) -> str:
    """What is told of an error, safe for the terminal, in one to three lines."""
    if isinstance(error, EngineError):
        return visible(str(error))
    said = shorten(plain(str(error)), _WORDS_MOST)
    kind = type(error).__name__
    return f"{kind}: {said}\nat {place(error)}: a fault of tuicont" if said else f"{kind}\nat {place(error)}"


def first_line(error: BaseException) -> str:
    """The same where there is room for one line."""
    return words(error).partition("\n")[0]


def place(error: BaseException) -> str:
    """Where an exception comes from, `presenters/events.py:71`: the last line of this program on its way, or its
    last line at all; empty for one that was never raised."""
    found = last = ""
    step = error.__traceback__
    while step is not None:
        file, line = step.tb_frame.f_code.co_filename, step.tb_lineno
        last = f"{os.path.basename(file)}:{line}"
        if file.startswith(_HERE + os.sep):
            found = f"{os.path.relpath(file, _HERE)}:{line}"
        step = step.tb_next
    return found or last
