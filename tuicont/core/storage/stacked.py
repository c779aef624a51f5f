"""What overlayfs merges of stacked directory trees (Documentation/filesystems/overlayfs.rst, "Merged directories").

Knows no driver. Works on directory descriptors and follows no link: to overlayfs a link is no directory.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Generator, Sequence

from tuicont.core.storage.whiteouts import is_opaque, is_whiteout

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def merged(roots: Sequence[int], parts: Sequence[str]) -> Generator[int, None, None]:
    """The directories that are merged at the path `parts` of the trees `roots` (top first), top first. One is open at a
    time, until the next is asked for."""
    for root in roots:
        fd, hiding = _walk(root, parts)
        if fd >= 0:
            try:
                yield fd
            finally:
                os.close(fd)
        if hiding:
            return


def shows(roots: Sequence[int], parts: Sequence[str], name: str) -> bool:
    """Whether there is an entry `name` in what is merged at `parts`."""
    for fd in merged(roots, parts):
        try:
            info = os.stat(name, dir_fd=fd, follow_symlinks=False)
        except FileNotFoundError:
            continue
        return not is_whiteout(info, fd, name)
    return False


def hides(root: int, parts: Sequence[str]) -> bool:
    """Whether a tree shows nothing of lower ones at the path `parts`."""
    fd, hiding = _walk(root, parts)
    if fd >= 0:
        os.close(fd)
    return hiding


def _walk(root: int, parts: Sequence[str]) -> tuple[int, bool]:
    """The directory at `parts` of one tree (-1 when it has none), and whether it hides what lower trees have there."""
    fd = os.dup(root)
    try:
        hiding = is_opaque(fd)
        for part in parts:
            below = os.open(part, _DIRECTORY, dir_fd=fd)
            os.close(fd)
            fd = below
            hiding = hiding or is_opaque(fd)
    except OSError as error:
        os.close(fd)
        if error.errno not in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
            raise
        # A deletion is no directory either.
        return -1, hiding or error.errno != errno.ENOENT
    return fd, hiding
