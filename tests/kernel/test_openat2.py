"""Paths that are resolved below a root while the rest of the host goes on."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.file_systems import MEMORY
from tuicont.core.sys.openat2 import open_in_root

pytestmark = pytest.mark.kernel

RENAMING = """
import os, sys, time
os.chdir(sys.argv[1])
os.close(os.open("one", os.O_CREAT))
print(flush=True)
end = time.monotonic() + 1
while time.monotonic() < end:
    for _ in range(1000):
        os.rename("one", "two")
        os.rename("two", "one")
"""


def test_renames_elsewhere_delay_a_path_and_do_not_fail_it(tmp_path: Path) -> None:
    """Each makes the kernel unsure of every ".." that is looked at meanwhile (EAGAIN): here more than a hundred times
    running."""
    (tmp_path / "d").mkdir()
    root = os.open(tmp_path, os.O_PATH)
    with (
        tempfile.TemporaryDirectory(dir=MEMORY) as place,
        subprocess.Popen([sys.executable, "-c", RENAMING, place], stdout=subprocess.PIPE) as renaming,
    ):
        assert renaming.stdout is not None
        renaming.stdout.readline()
        try:
            while renaming.poll() is None:
                os.close(open_in_root(root, "d/../" * 700, os.O_PATH))
        finally:
            renaming.kill()
            os.close(root)
