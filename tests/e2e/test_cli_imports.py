"""What a short command does not load: its whole time is that of its imports."""

from __future__ import annotations

import subprocess

import pytest

from tests.e2e.conftest import Cli

pytestmark = [pytest.mark.kernel, pytest.mark.e2e]

INTERFACE = {"textual", "rich", "yaml", "asyncio", "tuicont.app", "tuicont.bridge", "tuicont.actions", "tuicont.config"}
IMAGES = {
    "tarfile",
    "zstandard",
    "isal",
    "tuicont.core.image.layers.applier",
    "tuicont.core.image.content",
    "tuicont.core.image.archive.importer",
    "tuicont.core.image.manifest",
    "tuicont.core.image.demo.images",
}
LIBRARIES = {
    "bz2",
    "ctypes",
    "inotify_simple",
    "lzma",
    "psutil",
    "pyroute2",
    "secrets",
    "shutil",
    "subprocess",
    "tempfile",
}
SECCOMP = {"tuicont.core.security.bpf", "tuicont.core.security.filters", "tuicont.core.sys.libseccomp"}


def loaded(cli: Cli, *words: str) -> set[str]:
    """The modules that the program loads for a verb."""
    program, *rest = cli.words(*words)
    done = subprocess.run(
        [program, "-X", "importtime", *rest], capture_output=True, text=True, env=cli.environment, check=True
    )
    return {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}


def test_ps_loads_neither_the_interface_nor_what_it_does_not_list(cli: Cli) -> None:
    cli.ok("run", "-d", "--name", "web", "demo", "sleep", "60")
    modules = loaded(cli, "ps")
    assert "tuicont.core.engine.open" in modules
    assert not modules & (INTERFACE | IMAGES | LIBRARIES | SECCOMP)


def test_a_second_run_takes_the_filter_that_the_first_one_compiled(cli: Cli) -> None:
    cli.ok("run", "--rm", "demo", "true")
    assert not loaded(cli, "run", "--rm", "demo", "true") & (INTERFACE | SECCOMP)


def test_help_opens_no_engine(cli: Cli) -> None:
    assert not {name for name in loaded(cli, "ps", "--help") if name.startswith("tuicont.core.engine.open")}
