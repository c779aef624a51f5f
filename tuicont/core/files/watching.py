"""Being told when something changes in a file or a directory (inotify(7)), where the kernel has room for that."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inotify_simple import INotify

MODIFY, ATTRIB, MOVED_TO, CREATE = 0x002, 0x004, 0x080, 0x100
"""IN_* of inotify(7)."""
LOOK_MS = 500
"""How often to look where nothing tells."""


def watched(*places: tuple[str, int]) -> INotify | None:
    """Tells of those changes (a mask) at those paths. None where the user has as many watchers as a user may have,
    which any container with processes of that user's can bring about: look every `LOOK_MS` then. Raises `OSError`."""
    from inotify_simple import INotify  # here: it loads ctypes, and few verbs wait for anything

    watch: INotify | None = None
    try:
        watch = INotify()
        for path, mask in places:
            watch.add_watch(path, mask)
    except OSError as error:
        if watch is not None:
            watch.close()
        if error.errno not in (errno.EMFILE, errno.ENOSPC):
            raise
        return None
    return watch
