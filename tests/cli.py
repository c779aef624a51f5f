"""The real program on a state root of its own: each verb a process, as a user would start it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


class Cli:
    """`tuicont` with its own roots; `entry` is what Python is given to run it."""

    def __init__(self, root: Path, run_root: Path | None = None, *, entry: tuple[str, ...] = ("-m", "tuicont")) -> None:
        self.root = root
        self.options = ["--root", str(root), *(("--run-root", str(run_root)) if run_root else ())]
        self.entry = entry
        # Compiling every module again for each of some hundred runs is half of the time that they take.
        self.environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        # Where no configuration file is: whose ever runs the tests may choose other drivers.
        self.environment["XDG_CONFIG_HOME"] = f"{root}-config"

    def words(self, *words: str) -> list[str]:
        """The whole command line of a verb."""
        return [sys.executable, *self.entry, *self.options, *words]

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
