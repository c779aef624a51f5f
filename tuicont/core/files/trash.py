"""Trees that are removed while nobody waits for it.

A rename takes a tree out of sight at once; what is in the trash is removed later. A process that is killed leaves the
rest there, and the next one to use the same directory removes it.
"""

from __future__ import annotations

import contextlib
import errno
import os
from functools import partial

from tuicont.core.errors import NO_ROOM
from tuicont.core.files.chores import Chores
from tuicont.core.files.trees import remove_tree


class Trash:
    """The trash in `directory`, which is on the file system of everything that is thrown away. Safe from any thread."""

    def __init__(self, directory: str, chores: Chores) -> None:
        self._directory = directory
        self._chores = chores

    def discard(self, path: str) -> None:
        """Take a tree away from `path`; one that is not there is no error. Raises `OSError`."""
        doomed = f"{self._directory}/{os.urandom(8).hex()}"
        try:
            os.rename(path, doomed)
        except FileNotFoundError:
            return
        except OSError as error:
            if error.errno not in (errno.EXDEV, errno.EPERM, *NO_ROOM):
                raise
            # An immutable directory cannot be renamed, and a full disk may have no room for another entry.
            remove_tree(path)
            return
        self._chores.later(partial(_remove, doomed))

    def empty(self) -> None:
        """Remove what an earlier process left."""
        for name in os.listdir(self._directory):
            self._chores.later(partial(_remove, f"{self._directory}/{name}"))


def _remove(path: str) -> None:
    # Another process may be emptying the same trash; what cannot be removed now, the next one tries.
    with contextlib.suppress(OSError):
        remove_tree(path)
