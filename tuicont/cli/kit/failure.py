"""What becomes of an error: its text on standard error, and the program's exit code, which is Docker's."""

from __future__ import annotations

import sys

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
    """Write an error to standard error, after what stands before it on standard output."""
    sys.stdout.flush()
    # Imported when it is needed: no verb should wait for it.
    from tuicont.text.units import visible

    print(visible(str(error)), file=sys.stderr)
