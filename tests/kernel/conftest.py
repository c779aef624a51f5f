"""An engine of its own for a test, and proof that nothing of it is left on the host afterwards."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.image_home import Home
from tests.kernel.boxes import Boxes
from tests.kernel.host import leftovers
from tests.support import require_that
from tuicont.core.engine.engine import LocalEngine
from tuicont.core.engine.open import open_engine
from tuicont.core.errors import EngineError


@pytest.fixture
def root() -> Iterator[str]:
    """A state root. A short path, as sockets live below it; at the end every container in it is removed, and
    then no process, mount, cgroup or file of it may be there."""
    path = tempfile.mkdtemp(prefix="tc-", dir="/tmp")
    try:
        yield path
    finally:
        engine = open_engine(path)
        parent = engine.cgroup_parent
        for container in engine.containers.list():
            with contextlib.suppress(EngineError):
                engine.containers.remove(container.id, force=True)
        engine.close()
        deadline = time.monotonic() + 20
        while (left := leftovers(path, parent)) and time.monotonic() < deadline:
            time.sleep(0.02)
        shutil.rmtree(path, ignore_errors=True)
        assert not left


@pytest.fixture
def engine(root: str) -> Iterator[LocalEngine]:
    """An engine on an empty state root, with the demo images to be had."""
    engine = open_engine(root)
    yield engine
    engine.close()


@pytest.fixture
def boxes() -> Iterator[Boxes]:
    """Containers straight from the native runtime."""
    boxes = Boxes()
    yield boxes
    boxes.close()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An image service on an empty state root."""
    return image_home(tmp_path / "state")


@pytest.fixture
def other(tmp_path: Path) -> Home:
    """A second one, to load into."""
    return image_home(tmp_path / "other")


def image_home(root: Path) -> Home:
    root.mkdir()
    home = Home(root)
    probe = home.storage.probe()
    require_that(probe.supported, f"overlay ({probe.reason})")
    return home
