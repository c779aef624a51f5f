"""openat2(2): open a path that cannot lead out of a directory, whoever made the links in it.

Constants keep their uapi spelling (linux/openat2.h). No policy.
"""

from __future__ import annotations

import errno
import itertools
import os
import time

from tuicont.core.native._native import lib
from tuicont.core.sys.results import checked

RESOLVE_NO_XDEV = 0x01
RESOLVE_NO_MAGICLINKS = 0x02
RESOLVE_IN_ROOT = 0x10

_AT_ONCE = 32
_PATIENCE_SECONDS = 1.0
_PAUSE_SECONDS = 0.001


def open_in_root(root_fd: int, path: str, flags: int, mode: int = 0) -> int:
    """Open `path` as if `root_fd` were "/": links and ".." stay inside, those of /proc are not followed. The
    descriptor is closed on exec. Raises `OSError`: EAGAIN when the kernel could not say for a second, ELOOP for a magic
    link, ENOENT, ENOTDIR and so on."""
    return _openat2(root_fd, path, flags, mode, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS)


def is_mount_point(directory_fd: int, name: str) -> bool:
    """Whether something is mounted on the entry `name`, in whichever mount namespace the directory was opened: only in
    its own does the kernel refuse to remove it. Raises `OSError`."""
    try:
        fd = _openat2(directory_fd, name, os.O_PATH | os.O_NOFOLLOW, 0, RESOLVE_IN_ROOT | RESOLVE_NO_XDEV)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        return True
    os.close(fd)
    return False


def _openat2(directory_fd: int, path: str, flags: int, mode: int, resolve: int) -> int:
    name = os.fsencode(path) or b"."
    end = 0.0
    for attempt in itertools.count():
        result = lib.tuicont_openat2(directory_fd, name, flags | os.O_CLOEXEC, mode, resolve)
        # EAGAIN: a rename or a mount somewhere on the host made the kernel unsure of a ".." (openat2(2)). Where many
        # are made, that takes patience.
        if result not in (-errno.EAGAIN, -errno.EINTR):
            break
        if attempt >= _AT_ONCE:
            end = end or time.monotonic() + _PATIENCE_SECONDS
            if time.monotonic() > end:
                break
            time.sleep(_PAUSE_SECONDS)
    return checked(result, path)
