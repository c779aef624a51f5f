"""The program as its user has it: installed from a wheel of this tree into a virtual environment, and compiled.

A checkout is not that: whether its modules are compiled depends on who ran it last, and with `PYTHONDONTWRITEBYTECODE`
in the environment nobody compiles them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

CHECKOUT = Path(__file__).parent.parent
SOURCES = ("pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "assets", "tuicont")
MINIMAL = Path(__file__).with_name("minimal.py")


class Installation:
    """Made below `directory`. `program`, `python` and `minimal` are the beginnings of commands: tuicont, its
    interpreter, and the smallest application of Textual's; `environment` is what they are run in."""

    def __init__(self, directory: Path) -> None:
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        tree = directory / "installed"
        self._run(sys.executable, "-m", "venv", "--without-pip", tree)
        # The libraries are those of the environment that measures; an editable tuicont there is not seen from here.
        libraries = Path(sysconfig.get_path("purelib", vars={"base": str(tree)}))
        (libraries / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
        self.python = [str(tree / "bin/python")]
        self.program = [str(tree / "bin/tuicont")]
        self.minimal = [*self.python, str(MINIMAL)]
        self._pip("--python", *self.python, "install", "--no-deps", "--no-index", self._wheel(directory))

    def _wheel(self, directory: Path) -> Path:
        # Of a copy: a build leaves its own files where the sources are.
        copy = directory / "sources"
        copy.mkdir()
        for name in SOURCES:
            if (source := CHECKOUT / name).is_dir():
                shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, copy)
        self._pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", directory, copy)
        return next(directory.glob("*.whl"))

    def _pip(self, *words: str | Path) -> None:
        self._run(sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *words)

    def _run(self, *command: str | Path) -> None:
        subprocess.run(command, env=self.environment, check=True, cwd="/")
