"""The fixtures of the kernel tests, and the program that attacks."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.kernel.conftest import boxes, engine, root
from tests.support import require

__all__ = ["boxes", "engine", "root"]

SOURCE = Path(__file__).with_name("attack.c")


@pytest.fixture(scope="session")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with `attack` in it, which needs no library: see the top of its source for what it can do."""
    place = tmp_path_factory.mktemp("tools")
    subprocess.run([require("cc"), "-O1", "-static", "-Wall", "-o", place / "attack", SOURCE], check=True)
    os.chmod(place / "attack", 0o755)
    return place
