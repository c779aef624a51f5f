"""What the native functions answer: a value, or -errno."""

from __future__ import annotations

import os


def checked(result: int, path: str) -> int:
    """The value, or `OSError` with the errno and `path` (a path, or the call's name)."""
    if result < 0:
        raise OSError(-result, os.strerror(-result), path)
    return result
