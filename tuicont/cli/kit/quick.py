"""What makes the start of a short command shorter, and changes nothing else."""

from __future__ import annotations

import sys


def import_msgspec() -> None:
    """Import msgspec without typing_extensions.

    It asks that first, and only then `typing`, for what `typing` has since Python 3.11; with it come inspect, ast and
    tokenize, which is a tenth of a short command's time. It is there because Textual needs it, so for this one import
    it is said not to be (docs.python.org/3/reference/import.html#the-module-cache). Whoever wants it later has it.
    """
    if "msgspec" in sys.modules or "typing_extensions" in sys.modules:
        return
    sys.modules["typing_extensions"] = None  # type: ignore[assignment]
    try:
        import msgspec  # noqa: F401
    finally:
        del sys.modules["typing_extensions"]
