"""What is the same in every hierarchy: finding the processes and the directories below a group's directory,
and removing them.

Knows no controller. A container with a cgroup mount of its own may have made groups below its own, so
everything here goes all the way down.
"""

from __future__ import annotations

import contextlib
import errno
import time
from collections.abc import Iterator

from tuicont.core.cgroup.naming import parents_below
from tuicont.core.cgroup.text import parse_pids
from tuicont.core.sys.kernel import Kernel

GONE = (errno.ENOENT, errno.ENODEV)
"""What a file of a group says that was removed: before it is opened, and after."""
_BUSY = (errno.EBUSY, errno.ENOTEMPTY)


def walk(kernel: Kernel, directory: str) -> Iterator[str]:
    """The directory and all below it, deepest first. One that vanishes meanwhile is passed over."""
    try:
        names = kernel.directories(directory)
    except OSError as error:
        if error.errno in GONE:
            return
        raise
    for name in names:
        yield from walk(kernel, f"{directory}/{name}")
    yield directory


def members(kernel: Kernel, directory: str) -> tuple[int, ...]:
    """Pids of every process in the directory and below it."""
    found: dict[int, None] = {}
    for place in walk(kernel, directory):
        try:
            data = kernel.read(f"{place}/cgroup.procs")
        except OSError as error:
            # EOPNOTSUPP: a threaded group; its processes are listed in the domain above it (cgroup-v2.rst).
            if error.errno in (*GONE, errno.EOPNOTSUPP):
                continue
            raise
        found.update(dict.fromkeys(parse_pids(data)))
    return tuple(found)


def remove(kernel: Kernel, directory: str) -> bool:
    """Remove the directory and those below it. True when it is gone, False when something in it is busy."""
    try:
        kernel.rmdir(directory)
        return True
    except OSError as error:
        if error.errno == errno.ENOENT:
            return True
        if error.errno not in _BUSY:
            raise
    if not kernel.directories(directory):
        return False
    for place in walk(kernel, directory):
        try:
            kernel.rmdir(place)
        except OSError as error:
            if error.errno not in (*_BUSY, errno.ENOENT):
                raise
    return not kernel.exists(directory)


def pauses(seconds: float) -> Iterator[None]:
    """Yields again and again for at most `seconds`, each time after a longer sleep (0.1 to 20 ms): for what the
    kernel gives no notice of."""
    deadline = time.monotonic() + seconds
    delay = 0.0001
    yield
    while time.monotonic() < deadline:
        time.sleep(delay)
        delay = min(delay * 1.5, 0.02)
        yield


def make_path(kernel: Kernel, mount: str, path: str) -> None:
    """mkdir of every directory from below `mount` down to `mount`/`path`; those that are there are kept."""
    for directory in parents_below(mount, path):
        with contextlib.suppress(FileExistsError):
            kernel.mkdir(directory)
