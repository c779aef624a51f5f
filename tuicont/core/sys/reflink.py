"""FICLONE (ioctl_ficlone(2)): one file's contents shared with another until either is written to. No policy."""

from __future__ import annotations

import fcntl

_FICLONE = 0x40049409


def clone(source: int, target: int) -> None:
    """Let the file open for writing as `target` hold what `source` holds. Raises `OSError`: EOPNOTSUPP where the file
    system shares no blocks, EXDEV across two of them."""
    fcntl.ioctl(target, _FICLONE, source)
