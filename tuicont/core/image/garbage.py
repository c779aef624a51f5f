"""Word that a content store may hold what no image has: left before that comes to be, taken back when somebody has
swept. Whoever is killed in between leaves it to the next engine, which need not look at every blob to find out."""

from __future__ import annotations

import contextlib
import os

_WORD = "unswept"


def leave_word(root: str) -> None:
    """On a disk that cannot be written to none is left, and nothing else either."""
    with contextlib.suppress(OSError):
        os.close(os.open(f"{root}/{_WORD}", os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))


def is_left(root: str) -> bool:
    """Whether somebody has, and nobody has swept since."""
    return os.path.exists(f"{root}/{_WORD}")


def take_back(root: str) -> None:
    """By who has swept, and holds the lock under which blobs come in."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(f"{root}/{_WORD}")
