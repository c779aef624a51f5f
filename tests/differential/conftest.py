"""The peers: `cli` and `docker`, each with the image `busybox`, whose root is one and the same."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli import Cli
from tests.differential.daemon import Docker, daemon
from tests.e2e.conftest import cli, engine_directory
from tests.support import require

__all__ = ["cli", "engine_directory"]


@pytest.fixture(scope="session")
def docker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Docker]:
    busybox = Path(require("busybox")).read_bytes()
    root = io.BytesIO()
    with tarfile.open(fileobj=root, mode="w") as tar:
        for name in ("bin", "dev", "etc", "proc", "sys", "tmp"):
            directory = tarfile.TarInfo(name)
            directory.type, directory.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(directory)
        program = tarfile.TarInfo("bin/busybox")
        program.size, program.mode = len(busybox), 0o755
        tar.addfile(program, io.BytesIO(busybox))
        shell = tarfile.TarInfo("bin/sh")
        shell.type, shell.linkname = tarfile.SYMTYPE, "busybox"
        tar.addfile(shell)
    with daemon(tmp_path_factory.mktemp("docker")) as peer:
        peer.ok("import", "-", "busybox", input=root.getvalue())
        yield peer


@pytest.fixture(scope="session")
def image(docker: Docker, engine_directory: Path) -> str:
    """Its name, with either."""
    Cli(engine_directory).ok("load", input=docker.ok("save", "busybox"))
    return "busybox"
