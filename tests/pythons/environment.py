"""Finds the other Pythons, and runs pytest on one, in a virtual environment of what tuicont and its tests import.

Knows nothing of what runs there. The checkout's own C module serves them all: its ABI is that of every Python from
3.11 on.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
CACHE = CHECKOUT / "tests" / ".cache" / "pythons"
VERSIONS = ("3.12", "3.13", "3.14")

_MANAGED = (".pyenv/versions", ".asdf/installs/python", ".local/share/mise/installs/python", ".local/share/uv/python")
"""Where version managers keep Pythons, below the home directory."""

_CHECKERS = ("import-linter", "mypy", "ruff", "types-")
"""What reads the source only, and says the same whichever Python it runs on."""

_PROBE = "import ensurepip, sys, sysconfig; print(sys.version.split()[0], sysconfig.get_config_var('Py_GIL_DISABLED'))"


def find_python(version: str) -> tuple[Path, str] | None:
    """A Python of that minor version that runs, and its whole version; not the one that runs this."""
    if version == "{}.{}".format(*sys.version_info):
        return None
    for program in _candidates(f"python{version}"):
        # A version manager puts names on the PATH that have no Python behind them.
        done = subprocess.run([program, "-c", _PROBE], capture_output=True, text=True, check=False)
        whole, _, unlocked = done.stdout.strip().partition(" ")
        if done.returncode == 0 and unlocked != "1":  # a free-threaded one has another ABI
            return program, whole
    return None


def _candidates(name: str) -> Iterator[Path]:
    for directory in os.get_exec_path():
        if (program := Path(directory, name)).exists():
            yield program
    for place in _MANAGED:
        yield from sorted((Path.home() / place).glob(f"*/bin/{name}"), reverse=True)


def environment(program: Path, version: str) -> Path:
    """The Python of a virtual environment of `program`, made anew when what is to be in it has changed."""
    stated = (CHECKOUT / "pyproject.toml").read_bytes()
    directory = CACHE / f"{version}-{hashlib.sha256(stated).hexdigest()[:12]}"
    complete = directory / "complete"
    if not complete.exists():
        for old in CACHE.glob(f"{version}-*"):
            shutil.rmtree(old)
        subprocess.run([program, "-m", "venv", directory], check=True)
        project = tomllib.loads(stated.decode())["project"]
        packages = [*project["dependencies"], *project["optional-dependencies"]["test"]]
        needed = [package for package in packages if not package.startswith(_CHECKERS)]
        install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile", *needed]
        subprocess.run([directory / "bin" / "python", *install], check=True)
        complete.touch()
    return directory / "bin" / "python"


def run_pytest(program: Path, version: str, *arguments: str) -> int:
    """Run pytest in the checkout with the environment of `program`; its exit code."""
    python = environment(program, version)
    # What pytest and its plugins tell their own workers is not for another session.
    variables = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "TEXTUAL_SNAPSHOT_"))}
    variables["PYTHONPATH"] = str(CHECKOUT)
    command = [python, "-m", "pytest", "-p", "no:cacheprovider", *arguments]
    return subprocess.run(command, cwd=CHECKOUT, env=variables, check=False).returncode
