"""What depends on the kernel holds on a second one that has nothing but cgroup v2."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.beside import tell
from tests.junit import read_counts
from tests.second_kernel.boot import TOOLS, find_kernel, second_kernel
from tests.second_kernel.part import PART
from tests.support import require, require_root, require_that

INNER = (
    *(sys.executable, "-m", "pytest", *PART),
    *("-m", "not host_only", "-q", "--tb=short", "-p", "no:cacheprovider"),
    # Each plugin costs seconds of emulation; these two are the ones that pyproject.toml configures or tests use.
    *("-p", "pytest_asyncio.plugin", "-p", "_hypothesis_pytestplugin"),
)
MINUTES = 15
"""Thrice what it takes on a machine that does nothing else."""


@pytest.fixture
def share() -> Iterator[Path]:
    """A directory for its disk and its report, which nobody wants to keep."""
    with tempfile.TemporaryDirectory(prefix="tuicont-second-kernel-", ignore_cleanup_errors=True) as directory:
        yield Path(directory)


@pytest.mark.second_kernel
def test_what_depends_on_the_kernel_holds_with_cgroup_v2_alone(share: Path, request: pytest.FixtureRequest) -> None:
    """Judged by what the inner run itself recorded: its exit code and its count of tests that passed."""
    require_root()
    require(*TOOLS)
    kernel, machine = find_kernel(), second_kernel(share, timeout=MINUTES * 60)
    require_that(machine is not None, "a kernel with its modules in /boot (Debian: linux-image-amd64)")
    assert machine is not None and kernel is not None
    machine.start((*INNER, "--junitxml=/run/share/junit.xml"), {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"})
    try:
        outcome = machine.wait()
    finally:
        machine.stop()
    assert outcome.exit_code is not None, f"the second kernel did not come to its end in {MINUTES} minutes\n{outcome}"

    counts = read_counts(share / "junit.xml")
    tell(request, f"second kernel {kernel.version}, cgroup v2 alone: {counts}")
    assert outcome.exit_code == 0, f"tests failed in the second kernel\n{outcome}"
    assert counts.passed >= len(PART), f"too little ran in the second kernel\n{outcome}"
