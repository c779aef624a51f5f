"""Whole files at once. Knows no format."""

from __future__ import annotations

import os


def write_all(fd: int, data: bytes) -> None:
    """write(2) until all of it is written: a disk that fills up takes a part first. Raises `OSError`."""
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def write_file(path: str, data: bytes, mode: int) -> None:
    """Make the file `path`, or empty it, and write all of `data`. Raises `OSError`; half of it may then be there."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
    try:
        write_all(fd, data)
    finally:
        os.close(fd)
