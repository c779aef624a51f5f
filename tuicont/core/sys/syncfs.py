"""syncfs(2): everything that was written to a file system is on its disk when this returns. No policy."""

from __future__ import annotations

import os

from tuicont.core.native._native import lib
from tuicont.core.sys.results import checked


def syncfs(directory: str) -> None:
    """Flush the file system that `directory` is on. Raises `OSError`, also for what could not be written before."""
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        checked(lib.tuicont_syncfs(fd), directory)
    finally:
        os.close(fd)
