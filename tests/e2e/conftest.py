"""The real program on state of its own: `cli` runs verbs, and leaves nothing behind that it did not find.

The images are kept for the whole session below one root, so that the demo images are built once; what a test
made is removed after it, and that nothing of it is left is read from the kernel.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kernel.host import eventually, leftovers

PROGRAM = [sys.executable, "-m", "tuicont"]


class Cli:
    """`tuicont` with its own roots."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.options = ["--root", str(directory / "root"), "--run-root", str(directory / "run")]
        # Compiling every module again for each of some hundred runs is half of the time that they take.
        self.environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        self.environment["PYTHONPYCACHEPREFIX"] = str(directory / "pycache")
        # Where no configuration file is: whose ever runs the tests may choose other drivers.
        self.environment["XDG_CONFIG_HOME"] = str(directory / "config")

    def words(self, *words: str) -> list[str]:
        """The whole command line of a verb."""
        return [*PROGRAM, *self.options, *words]

    def __call__(
        self, *words: str, input: bytes | None = None, timeout: float = 60
    ) -> subprocess.CompletedProcess[str]:
        """Run a verb to its end."""
        given = {"input": input} if input is not None else {"stdin": subprocess.DEVNULL}
        done = subprocess.run(  # type: ignore[call-overload]
            self.words(*words), capture_output=True, timeout=timeout, env=self.environment, **given
        )
        return subprocess.CompletedProcess(words, done.returncode, done.stdout.decode(), done.stderr.decode())

    def ok(self, *words: str, input: bytes | None = None) -> str:
        """Standard output of a verb that must succeed."""
        done = self(*words, input=input)
        assert done.returncode == 0, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout.rstrip("\n")

    def popen(self, *words: str, **settings: object) -> subprocess.Popen[bytes]:
        """Start a verb that goes on."""
        return subprocess.Popen(self.words(*words), env=self.environment, **settings)  # type: ignore[call-overload,no-any-return]


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
    program = Cli(engine_directory)
    yield program
    if left := program.ok("ps", "-aq").split():
        program("rm", "-f", *left)
        assert program.ok("ps", "-aq") == ""
    assert mounts_below(engine_directory) == []
