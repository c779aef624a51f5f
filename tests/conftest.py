"""Shared configuration of all tests.

Markers (registered in pyproject.toml):

- `kernel`: acts on the real kernel; needs root. Skipped for other users, failed when `CI=true`.
- `host_only`: not run in the second kernel (timing, host tools, the host's own hierarchy).
- `fresh_machine`: does what the README says on a bare Debian of another release.
- `other_python`: runs unit and interface tests on another Python of this machine.
- `second_kernel`: boots another kernel in QEMU and runs there what depends on it.
- `e2e`: drives the real program in a terminal.

A test that needs a tool asks `tests.support.require("tmux")` for it; see there for what a missing one does.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path

# What a shell started in the background ignores the one, and nohup(1) the other, and so would a worker of pytest-xdist
# that is to end, and every program that a test starts.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

# Explicit settings of the developer's terminal would change what the program paints. LINES and COLUMNS are those of
# readline(3), which pytest loads and which hands them on to the workers of pytest-xdist.
for _name in ("LINES", "COLUMNS", "NO_COLOR", "COLORTERM", "TEXTUAL", "TEXTUAL_THEME", "TUICONT_CONFIG"):
    os.environ.pop(_name, None)

import hypothesis
import pytest

from tests.support import require_root

pytest_plugins = ["tests.beside"]

# The same examples at every run, and none that fails because the machine was busy.
hypothesis.settings.register_profile("tuicont", deadline=None, derandomize=True)
hypothesis.settings.register_profile("quick", deadline=None, derandomize=True, max_examples=10)
hypothesis.settings.load_profile("tuicont")

_HERE = Path(__file__).parent
_MARKS = {
    "kernel": ("kernel",),
    "hostile": ("kernel",),
    "stress": ("kernel", "host_only"),  # the second kernel is too slow for it
    "differential": ("kernel", "host_only"),  # the peers are tools of the host
}
"""Of all tests of a folder."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is true of a whole folder is said here, of all others in their files."""
    for item in items:
        folder = item.path.relative_to(_HERE).parts[0]
        for mark in _MARKS.get(folder, ()):
            item.add_marker(mark)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Kernel tests need root, wherever they are."""
    if item.get_closest_marker("kernel") is not None:
        require_root()
