"""The program `tuicont`: hands over to the command line, and imports nothing else."""

from __future__ import annotations

import gc
import io
import os
import signal
import sys
from typing import cast

_YOUNG = 50_000
"""Objects made between two collections: more than a short command makes at all. With the interpreter's 700, a tenth of
its time goes into collecting while modules are imported, which leave no garbage."""


def main() -> int:
    """Run the command line of this process; the exit code."""
    _open_what_is_closed()
    for stream in (sys.stdout, sys.stderr):
        # What is no UTF-8 (a label, a variable) comes out as it came in.
        cast(io.TextIOWrapper, stream).reconfigure(errors="surrogateescape")
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        # Who interrupts it before it has begun need not see where it was.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    gc.set_threshold(_YOUNG)
    from tuicont.cli.main import main as run

    code = run()
    # What is left is the kernel's to free, all at once: no collection needs to look at it before.
    gc.freeze()
    return code


def _open_what_is_closed() -> None:
    """Standard streams that the caller has closed (`>&-`): what is opened next would have their numbers, and be written
    to. The lowest number that is free is the one that open(2) gives."""
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is None:
            os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, os.fdopen(number, mode, closefd=False))


if __name__ == "__main__":
    sys.exit(main())
