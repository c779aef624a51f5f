"""What a short command does not load: its whole time is that of its imports."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.cli import Cli

pytestmark = [pytest.mark.kernel, pytest.mark.e2e]

INTERFACE = {"textual", "rich", "yaml", "asyncio", "tuicont.app", "tuicont.bridge", "tuicont.actions", "tuicont.config"}
IMAGES = {
    "glob",
    "lzma",
    "subprocess",
    "tarfile",
    "zstandard",
    "isal",
    "tuicont.core.image.layers.applier",
    "tuicont.core.image.content",
    "tuicont.core.image.archive.importer",
    "tuicont.core.image.manifest",
    "tuicont.core.image.demo.images",
    "tuicont.core.image.service",
}
HELPERS = {"ast", "dataclasses", "inspect", "tokenize"}
"""What comes with typing_extensions, which msgspec would ask first."""
LIBRARIES = {
    "bz2",
    "ctypes",
    "inotify_simple",
    "random",
    "psutil",
    "pyroute2",
    "secrets",
    "shutil",
    "tempfile",
}
PARTS = {
    "tuicont.cli.kit.template",
    "tuicont.core.cgroup.controller",
    "tuicont.core.cgroup.v1.group",
    "tuicont.core.cgroup.v2.group",
    "tuicont.core.engine.changes",
    "tuicont.core.engine.host",
    "tuicont.core.history",
    "tuicont.core.logs",
    "tuicont.core.model.stats",
    "tuicont.core.network",
    "tuicont.core.runtime.native.task",
    "tuicont.core.shim.births",
    "tuicont.core.shim.wire",
    "tuicont.core.spec.validate",
    "tuicont.text.values",
}
FOLDERS = tuple(f"tuicont.core.engine.{folder}" for folder in ("births", "feed", "live"))
"""Facets of the engine that a list does not ask for."""
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
    assert {"tuicont.core.engine.open", "tuicont.core.shim.keeper"} <= modules
    assert not modules & (INTERFACE | IMAGES | HELPERS | LIBRARIES | PARTS | SECCOMP)
    assert not [name for name in modules if name.startswith(FOLDERS)]


def test_a_second_run_takes_filter_and_image_as_the_first_one_made_them(cli: Cli) -> None:
    cli.ok("run", "--rm", "demo", "true")
    modules = loaded(cli, "run", "--rm", "demo", "true")
    assert "tuicont.core.engine.births.create" in modules
    assert not modules & (INTERFACE | IMAGES | HELPERS | LIBRARIES | SECCOMP)


def test_the_first_picture_has_no_use_for_the_terminal_emulator_and_for_hidden_tabs() -> None:
    program = "import sys, tuicont.app, tuicont.screens.details; print(*sys.modules)"
    modules = set(
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    )
    assert "tuicont.screens.details.tabs" in modules
    assert not modules & {
        "pyte",
        "wcwidth",
        "yaml",
        "pyroute2",
        "tuicont.screens.details.pages",
        "tuicont.screens.events",
    }


def test_help_opens_no_engine(cli: Cli) -> None:
    assert not {name for name in loaded(cli, "ps", "--help") if name.startswith("tuicont.core.engine.open")}
