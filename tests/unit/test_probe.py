"""What `doctor` says of the Python that runs it, against that Python's own words."""

from __future__ import annotations

import importlib.machinery
import subprocess
import sys

from tuicont.core.host.probe import probe_python


def own_word(*options: str) -> str:
    return subprocess.run([sys.executable, *options], capture_output=True, text=True, check=True).stdout.strip()


def test_the_python_is_named() -> None:
    told = {probe.name: probe.detail for probe in probe_python()}
    assert f"Python {told['CPython']}" == own_word("-V")
    assert told["executable"] == sys.executable
    assert f".{told['abi']}.so" in importlib.machinery.EXTENSION_SUFFIXES


def test_a_free_threaded_python_is_called_so() -> None:
    (threads,) = (probe.detail for probe in probe_python() if probe.name == "threads")
    assert ("free-threaded" in threads) == ("free-threading" in own_word("-VV"))
