"""All unit and interface tests on each other Python: `python -m tests.pythons -x`, or `make pythons ARGS=-x`.

One Python alone: `python -m tests.pythons 3.12`.
"""

from __future__ import annotations

import sys

from tests.pythons.environment import VERSIONS, find_python, run_pytest


def main() -> int:
    """The first exit code that is not 0; 125 when there is no other Python."""
    arguments = sys.argv[1:]
    versions = [arguments.pop(0)] if arguments[:1] and arguments[0] in VERSIONS else VERSIONS
    found = [python for version in versions if (python := find_python(version))]
    if not found:
        print(f"no other Python is here (looked for {', '.join(versions)})", file=sys.stderr)
        return 125
    codes = []
    for program, version in found:
        print(f"--- Python {version}, {program}", flush=True)
        codes.append(run_pytest(program, version, "-q", "tests/unit", "tests/ui", *arguments))
    return next((code for code in codes if code), 0)


if __name__ == "__main__":
    raise SystemExit(main())
