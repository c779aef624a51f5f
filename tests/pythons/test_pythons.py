"""Unit and interface tests hold on the other Pythons of this machine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.beside import tell
from tests.junit import read_counts
from tests.pythons.environment import CHECKOUT, VERSIONS, find_python

PART = ("-m", "not hypothesis", "-k", "unit or test_snapshots or test_panes_pictures")
"""What tells Pythons apart: all unit tests but those of properties, and every picture of a screen."""

MINUTES = 15


@pytest.mark.other_python
@pytest.mark.parametrize("version", VERSIONS)
def test_unit_and_interface_tests_pass_on_another_python(
    version: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    python = find_python(version)
    if python is None:
        pytest.skip(f"there is no other Python {version} on the PATH or in a version manager's folder")
    results = tmp_path / "results.xml"
    run = [sys.executable, "-m", "tests.pythons", version, *PART, f"--junitxml={results}"]
    beside = ["setpriv", "--pdeathsig=TERM", "timeout", f"{MINUTES}m", "nice", "-n", "5"]  # timeout(1) passes TERM on
    done = subprocess.run(
        [*beside, *run], cwd=CHECKOUT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    counts = read_counts(results)
    tell(request, f"Python {python[1]}: {counts}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert counts.passed > 0, done.stdout + done.stderr
