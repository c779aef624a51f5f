"""`scripts/prepare` says in one line which Python it needs and what it found instead."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

PREPARE = Path(__file__).resolve().parents[2] / "scripts" / "prepare"


def prepared(python: str) -> tuple[int, str]:
    """Exit code and what it said of a Python of that name."""
    done = subprocess.run([PREPARE], env={**os.environ, "PYTHON": python}, capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


def program(path: Path, script: str) -> str:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("echo 'Python 3.9.2'; case $1 in -c) exit 1; esac", "Python 3.9.2 is here (name another with PYTHON=…)"),
        ("echo 'no version is chosen' >&2; echo 'choose one' >&2; exit 127", "{} does not run (no version is chosen)"),
    ],
    ids=["too old", "a name without a Python behind it"],
)
def test_a_python_that_cannot_serve_is_named(tmp_path: Path, script: str, words: str) -> None:
    python = program(tmp_path / "python", script)
    code, said = prepared(python)
    assert code == 1
    assert said == f"tuicont: Python 3.11 or newer is needed; {words.format(python)}\n"
