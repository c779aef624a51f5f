"""What becomes of an error: its text on standard error, and the program's exit code, which is Docker's."""

from __future__ import annotations

import os
import sys
from typing import TextIO

from tuicont.core.errors import CommandNotExecutable, CommandNotFound, EngineError

SOME_FAILED = 1
"""A verb over several things did not do all."""
ENGINE_ERROR, NOT_EXECUTABLE, NOT_FOUND = 125, 126, 127
BROKEN_PIPE = 141
UNKNOWN_END = 255
"""A process ended and nobody knows how."""


def error_code(error: EngineError) -> int:
    """The exit code of an error that the engine raised."""
    if isinstance(error, CommandNotFound):
        return NOT_FOUND
    return NOT_EXECUTABLE if isinstance(error, CommandNotExecutable) else ENGINE_ERROR


def complain(error: EngineError) -> None:
    """Write an error to standard error, after what stands before it on standard output. That nobody reads it is no
    error of its own."""
    # Imported when it is needed: no verb should wait for it.
    from tuicont.text.units import visible

    say(visible(str(error)))


def say(text: str) -> None:
    """Write a line to standard error, as `complain` does."""
    for stream, line in ((sys.stdout, ""), (sys.stderr, f"{text}\n")):
        try:
            stream.write(line)
            stream.flush()
        except OSError:
            silence(stream)


def silence(stream: TextIO) -> None:
    """Let what is still written go nowhere: the interpreter flushes once more at its end, and would say so."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, stream.fileno())
    os.close(null)
