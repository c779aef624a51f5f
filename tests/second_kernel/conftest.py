"""Boots the second kernel when a session that selected its test begins, so that it works while the
other tests do, and tells at the end of the session what ran there."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

import pytest

from tests.second_kernel.boot import TOOLS, SecondKernel, find_kernel, second_kernel
from tests.support import require, require_root, require_that

JUNIT = "junit.xml"
INNER = (
    *(sys.executable, "-m", "pytest", "tests/contract", "tests/kernel"),
    *("-m", "not host_only and not second_kernel", "-q", "--tb=short", "-p", "no:cacheprovider"),
    # Each plugin costs seconds of emulation; these two are the ones that pyproject.toml configures or tests use.
    *("-p", "pytest_asyncio.plugin", "-p", "_hypothesis_pytestplugin"),
    f"--junitxml=/run/share/{JUNIT}",
)
TOLD = pytest.StashKey[str]()


class Boot:
    """The one boot of a session."""

    def __init__(self) -> None:
        self.share = Path(tempfile.mkdtemp(prefix="tuicont-second-kernel-"))
        self.machine: SecondKernel | None = None

    def start(self) -> None:
        """Boot if this host can, and do nothing otherwise: the test then says what is missing."""
        self.machine = second_kernel(self.share)
        if self.machine is not None:
            self.machine.start(INNER, {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"})

    def close(self) -> None:
        """Switch it off and remove what it left."""
        if self.machine is not None:
            self.machine.stop()
        shutil.rmtree(self.share, ignore_errors=True)


BOOT = pytest.StashKey[Boot]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What waits for the second kernel comes last."""
    items.sort(key=lambda item: item.get_closest_marker("second_kernel") is not None)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Boot now, if a test of this session is going to ask for it."""
    wanted = any(item.get_closest_marker("second_kernel") for item in session.items)
    if wanted and not session.config.option.collectonly:
        boot = session.config.stash[BOOT] = Boot()
        boot.start()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """One line: which kernel, and what ran there."""
    if TOLD in config.stash:
        terminalreporter.line(config.stash[TOLD])


def pytest_unconfigure(config: pytest.Config) -> None:
    """Nothing of the boot outlives the session, even an interrupted one."""
    if BOOT in config.stash:
        config.stash[BOOT].close()


@pytest.fixture
def booted(pytestconfig: pytest.Config) -> Boot:
    """The session's boot, under way."""
    require_root()
    require(*TOOLS)
    require_that(find_kernel() is not None, "a kernel with its modules in /boot (Debian: linux-image-amd64)")
    return pytestconfig.stash[BOOT]
