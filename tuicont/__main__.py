"""The program `tuicont`: hands over to the command line, and imports nothing else."""

from __future__ import annotations

import gc
import signal
import sys

_YOUNG = 50_000
"""Objects made between two collections: more than a short command makes at all. With the interpreter's 700, a tenth of
its time goes into collecting while modules are imported, which leave no garbage."""


def main() -> int:
    """Run the command line of this process; the exit code."""
    # Ctrl-C is an error to unwind from while a verb is at work. Before and after there is nothing to unwind, and nobody
    # who would catch it. What a shell started in the background ignores it all along.
    heard = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if heard:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    gc.set_threshold(_YOUNG)
    from tuicont.cli.main import main as run

    if heard:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    code = run()
    if heard:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    # What is left is the kernel's to free, all at once: no collection needs to look at it before.
    gc.freeze()
    return code


if __name__ == "__main__":
    sys.exit(main())
