"""Run one command in the second kernel: `python -m tests.second_kernel -- uname -r`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.second_kernel.boot import TOOLS, second_kernel

HOURS = 2


def main() -> int:
    """The command's exit code; 125 when the kernel did not come up."""
    command = sys.argv[2:] if sys.argv[1:2] == ["--"] else sys.argv[1:]
    with tempfile.TemporaryDirectory(prefix="tuicont-second-kernel-") as share:
        machine = second_kernel(Path(share), timeout=HOURS * 3600)
        if not command or machine is None:
            print(f"usage: python -m tests.second_kernel -- COMMAND…   (needs {', '.join(TOOLS)}, a kernel in /boot)")
            return 125
        machine.start(command)
        try:
            outcome = machine.wait()
        finally:
            machine.stop()
    print(outcome.output if outcome.exit_code is not None else outcome, end="")
    return 125 if outcome.exit_code is None else outcome.exit_code


if __name__ == "__main__":
    raise SystemExit(main())
