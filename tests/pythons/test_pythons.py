"""Unit and interface tests hold on the other Pythons of this machine. They run beside the other tests."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.beside import Beside
from tests.junit import read_counts
from tests.pythons.environment import CHECKOUT, VERSIONS, find_python

PART = ("-m", "not hypothesis", "-k", "unit or test_snapshots or test_panes_pictures")
"""What tells Pythons apart: all unit tests but those of properties, and every picture of a screen."""

MINUTES = 25


class OtherPython(Beside):
    """The run of a session on one Python."""

    def __init__(self, version: str) -> None:
        self.version, self.python = version, find_python(version)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        if self.python is None:
            return
        self._directory = tempfile.TemporaryDirectory(prefix="tuicont-python-")
        self.results, self._output = Path(self._directory.name, "results.xml"), Path(self._directory.name, "output")
        run = [sys.executable, "-m", "tests.pythons", self.version, *PART, f"--junitxml={self.results}"]
        with self._output.open("wb") as output:
            self._process = subprocess.Popen(
                ["setpriv", "--pdeathsig=TERM", "timeout", f"{MINUTES}m", "nice", "-n", "5", *run],
                cwd=CHECKOUT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )

    def wait(self) -> tuple[int, str]:
        """The exit code, and all that was said."""
        assert self._process is not None
        return self._process.wait(), self._output.read_text(errors="replace")

    def close(self) -> None:
        if self._process is not None:
            self._process.terminate()  # timeout(1) passes it on to all that it started
            self._process.wait()
            self._directory.cleanup()


@pytest.mark.other_python
@pytest.mark.parametrize("beside", [pytest.param(OtherPython(version), id=version) for version in VERSIONS])
def test_unit_and_interface_tests_pass_on_another_python(beside: OtherPython) -> None:
    if beside.python is None:
        pytest.skip(f"there is no other Python {beside.version} on the PATH or in a version manager's folder")
    code, said = beside.wait()
    counts = read_counts(beside.results)
    beside.told = f"Python {beside.python[1]}: {counts}"
    assert code == 0, said
    assert counts.passed > 0, said
