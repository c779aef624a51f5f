"""Trees that are removed while nobody waits for it.

A rename takes a tree out of sight at once; a thread removes what is in the trash. A process that is killed
leaves the rest there, and the next one to use the same directory removes it.
"""

from __future__ import annotations

import contextlib
import errno
import os
import queue
import threading

from tuicont.core.sys.trees import remove_tree


class Trash:
    """The trash in `directory`, which is on the file system of everything that is thrown away. Safe from any thread."""

    def __init__(self, directory: str) -> None:
        self._directory = directory
        self._doomed: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def discard(self, path: str) -> None:
        """Take a tree away from `path`; one that is not there is no error. Raises `OSError`."""
        doomed = f"{self._directory}/{os.urandom(8).hex()}"
        try:
            os.rename(path, doomed)
        except FileNotFoundError:
            return
        except OSError as error:
            if error.errno not in (errno.EXDEV, errno.EPERM, errno.ENOSPC):
                raise
            # An immutable directory cannot be renamed, and a full disk may have no room for another entry.
            remove_tree(path)
            return
        self._remove_later(doomed)

    def empty(self) -> None:
        """Remove what an earlier process left."""
        for name in os.listdir(self._directory):
            self._remove_later(f"{self._directory}/{name}")

    def close(self) -> None:
        """Wait until everything is removed. May be repeated."""
        with self._lock:
            thread, self._thread = self._thread, None
        if thread is not None:
            self._doomed.put(None)
            thread.join()

    def _remove_later(self, path: str) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="trash", daemon=True)
                self._thread.start()
        self._doomed.put(path)

    def _work(self) -> None:
        while (path := self._doomed.get()) is not None:
            # Another process may be emptying the same trash; what cannot be removed now, the next one tries.
            with contextlib.suppress(OSError):
                remove_tree(path)
