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

RESOLVE_NO_MAGICLINKS = 0x02
RESOLVE_IN_ROOT = 0x10

_AT_ONCE = 32
_PATIENCE_SECONDS = 1.0
_PAUSE_SECONDS = 0.001


def open_in_root(root_fd: int, path: str, flags: int, mode: int = 0) -> int:
    """Open `path` as if `root_fd` were "/": links and ".." stay inside, those of /proc are not followed. The
    descriptor is closed on exec. Raises `OSError`: EAGAIN when the kernel could not say for a second, ELOOP for a magic
    link, ENOENT, ENOTDIR and so on."""
    name = os.fsencode(path) or b"."
    end = 0.0
    for attempt in itertools.count():
        result = lib.tuicont_openat2(root_fd, name, flags | os.O_CLOEXEC, mode, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS)
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
