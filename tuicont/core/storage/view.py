"""A look into a snapshot that no container runs in: for copying, and for reading an image's own files.

The mounts are made in a mount namespace that only one thread of this process ever had, and a detached copy of them is
all that outlives it: nothing is in the host's mount table, and nothing is left when the process is killed. It lets
nobody open a device or execute a program: others made what is there.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from tuicont.core.errors import Invalid, kernel_error
from tuicont.core.storage.base import RootMount
from tuicont.core.sys.mounts import (
    AT_RECURSIVE,
    MS_BIND,
    MS_NODEV,
    MS_NOEXEC,
    MS_NOSUID,
    MS_REMOUNT,
    OPEN_TREE_CLOEXEC,
    OPEN_TREE_CLONE,
    in_private_namespace,
    mount,
    open_tree,
)

# Any directory does: what is mounted over it is so in a namespace of the thread's own.
_PLACE = "/proc"
_HARMLESS = MS_NODEV | MS_NOSUID | MS_NOEXEC


@contextmanager
def open_view(mounts: Sequence[RootMount]) -> Iterator[int]:
    """A descriptor (O_PATH) of the root directory that `mounts` show, good until the context ends."""
    operation = "look into a root file system"
    if not mounts:
        raise Invalid(operation, "there is nothing to mount")
    try:
        fd = in_private_namespace(lambda: _mount(mounts))
    except OSError as error:
        values = {"options": mounts[-1].options[:200]}
        raise kernel_error(operation, f"mount {mounts[-1].fstype}", error, values=values) from error
    try:
        yield fd
    finally:
        os.close(fd)


def _mount(mounts: Sequence[RootMount]) -> int:
    for step in mounts:
        os.chdir(step.cwd or "/")
        mount(step.source, _PLACE, step.fstype, step.flags, step.options)
    # By itself, as a bind mount takes no flags when it is made.
    mount("", _PLACE, "", MS_REMOUNT | MS_BIND | _HARMLESS | mounts[-1].flags, "")
    return open_tree(_PLACE, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE)
