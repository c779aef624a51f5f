"""The real program on state of its own: `cli` runs verbs, and leaves nothing behind that it did not find.

The images are kept for the whole session below one root, so that the demo images are built once; what a test
made is removed after it, and that nothing of it is left is read from the kernel.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli import Cli
from tests.kernel.host import eventually, leftovers


def mounts_below(directory: Path) -> list[str]:
    """The host's mount table as far as it is about `directory`."""
    return [line for line in Path("/proc/self/mountinfo").read_text().splitlines() if str(directory) in line]


@pytest.fixture(scope="session")
def engine_directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    directory = tmp_path_factory.mktemp("tuicont")
    yield directory
    if os.geteuid() == 0:
        # Imported here, so that collecting the tests needs no engine.
        from tuicont.core.engine.open import open_engine

        engine = open_engine(str(directory / "root"), str(directory / "run"))
        parent = engine.cgroup_parent
        engine.close()
        assert eventually(lambda: not leftovers(str(directory / "root"), parent)), leftovers(str(directory), parent)


@pytest.fixture
def cli(engine_directory: Path) -> Iterator[Cli]:
    program = Cli(engine_directory / "root", engine_directory / "run")
    program.environment["PYTHONPYCACHEPREFIX"] = str(engine_directory / "pycache")
    yield program
    if left := program.ok("ps", "-aq").split():
        program("rm", "-f", *left)
        assert program.ok("ps", "-aq") == ""
    assert mounts_below(engine_directory) == []
