"""Whole files at once. Knows no format."""

from __future__ import annotations

import contextlib
import os


def write_all(fd: int, data: bytes) -> None:
    """write(2) until all of it is written: a disk that fills up takes a part first. Raises `OSError`."""
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def write_file(path: str, data: bytes, mode: int) -> None:
    """Make the file `path`, or empty it, and write all of `data`; it has `mode`, whatever the umask is. Raises
    `OSError`; half of it may then be there."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
    try:
        os.fchmod(fd, mode)
        write_all(fd, data)
    finally:
        os.close(fd)


def make_private(path: str, *below: str) -> None:
    """Make the directory `path`, and in it one below the other, where they are missing: closed to everybody else, as
    makedirs(3) leaves those in between to the umask. Raises `OSError`."""
    for name in ("", *below):
        path = f"{path}/{name}" if name else path
        with contextlib.suppress(FileExistsError):
            os.mkdir(path, 0o700)


def make_directories(path: str, mode: int) -> None:
    """Make the directory `path` and those that it is in, where they are missing. What is made has `mode`, whatever the
    umask is. Raises `OSError`."""
    above = os.path.dirname(path)
    if not os.path.lexists(above):
        make_directories(above, mode)
    with contextlib.suppress(FileExistsError):  # somebody was faster
        os.mkdir(path, mode)
        os.chmod(path, mode)
