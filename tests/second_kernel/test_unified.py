"""What depends on the kernel holds on a second one that has nothing but cgroup v2."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import pytest

from tests.beside import Beside
from tests.junit import read_counts
from tests.second_kernel.boot import TOOLS, SecondKernel, find_kernel, second_kernel
from tests.second_kernel.part import PART
from tests.support import require, require_root, require_that

JUNIT = "junit.xml"
INNER = (
    *(sys.executable, "-m", "pytest", *PART),
    *("-m", "not host_only", "-q", "--tb=short", "-p", "no:cacheprovider"),
    # Each plugin costs seconds of emulation; these two are the ones that pyproject.toml configures or tests use.
    *("-p", "pytest_asyncio.plugin", "-p", "_hypothesis_pytestplugin"),
    f"--junitxml=/run/share/{JUNIT}",
)
MINUTES = 15
"""More than thrice what it takes on a machine that does nothing else."""


class Boot(Beside):
    """The one boot of a session."""

    def __init__(self) -> None:
        self._directory: tempfile.TemporaryDirectory[str] | None = None
        self.machine: SecondKernel | None = None

    def start(self) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="tuicont-second-kernel-", ignore_cleanup_errors=True)
        self.report = Path(self._directory.name, JUNIT)
        self.machine = second_kernel(Path(self._directory.name), timeout=MINUTES * 60)
        if self.machine is not None:
            self.machine.start(INNER, {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"})

    def close(self) -> None:
        if self.machine is not None:
            self.machine.stop()
        if self._directory is not None:
            self._directory.cleanup()


@pytest.mark.second_kernel
@pytest.mark.parametrize("beside", [Boot()], ids=["cgroup v2"])
def test_what_depends_on_the_kernel_holds_with_cgroup_v2_alone(beside: Boot) -> None:
    """Judged by what the inner run itself recorded: its exit code and its count of tests that passed."""
    require_root()
    require(*TOOLS)
    kernel = find_kernel()
    require_that(kernel is not None, "a kernel with its modules in /boot (Debian: linux-image-amd64)")
    assert beside.machine is not None
    outcome = beside.machine.wait()
    assert outcome.exit_code is not None, f"the second kernel did not come to its end in {MINUTES} minutes\n{outcome}"

    assert beside.report.exists(), f"the inner run wrote no report\n{outcome}"
    counts = read_counts(beside.report)
    beside.told = f"second kernel {kernel.version if kernel else ''}, cgroup v2 alone: {counts}"
    assert outcome.exit_code == 0, f"tests failed in the second kernel\n{outcome}"
    assert counts.passed >= len(PART), f"too little ran in the second kernel\n{outcome}"
