"""Run one command on a fresh machine: `python -m tests.fresh -- trixie make test`."""

from __future__ import annotations

import sys

from tests.fresh.machine import SUITES, TOOLS, Machine
from tests.support import find


def main() -> int:
    """The command's exit code; 125 when there is none."""
    suite, *command = (sys.argv[2:] if sys.argv[1:2] == ["--"] else sys.argv[1:]) or [""]
    if not command or not all(map(find, TOOLS)):
        print(f"usage: python -m tests.fresh -- {'|'.join(SUITES)} COMMAND…   (needs root, {', '.join(TOOLS)})")
        return 125
    machine = Machine(suite, *command)
    try:
        machine.start()
        return machine.wait()
    finally:
        machine.close()


if __name__ == "__main__":
    raise SystemExit(main())
