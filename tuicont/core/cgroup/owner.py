"""Whose groups are below a parent: the state root, written on the parent's directory as an extended attribute (which
cgroup file systems keep), so that what is left of a root that is gone can be told from what another one uses.

Knows no controller. A path says something only to who has the same mounts and the same root directory: nobody else can
tell that it is gone.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator

from tuicont.core.cgroup.detect import Layout
from tuicont.core.cgroup.tree import members, remove
from tuicont.core.host.facts import outlook
from tuicont.core.sys.kernel import Kernel

_MARK = "trusted.tuicont.root"


def mark(kernel: Kernel, directories: Iterable[str], root: str) -> None:
    """Write on each directory whose it is, where the file system takes it."""
    value = f"{outlook()} {root}".encode("utf-8", "surrogateescape")
    for directory in directories:
        with contextlib.suppress(OSError):
            kernel.setxattr(directory, _MARK, value)


def remove_left_over(kernel: Kernel, layout: Layout) -> tuple[str, ...]:
    """Remove the parents whose root is gone, with the groups below them; those roots. Where a process is left in one,
    all of it stays. Directories are removed, and nothing else is done: whoever makes that root again finds none."""
    found: dict[str, str] = {}
    for name, root in _marked(kernel, layout):
        if not kernel.exists(root):
            found[name] = root
    return tuple(root for name, root in found.items() if _remove(kernel, [f"{m}/{name}" for m in layout.mounts]))


def _marked(kernel: Kernel, layout: Layout) -> Iterator[tuple[str, str]]:
    """The name of each parent that was marked by who sees the same files as this process, and its root."""
    here = outlook()
    for mount in layout.mounts:
        for name in kernel.directories(mount):
            try:
                value = kernel.getxattr(f"{mount}/{name}", _MARK)
            except OSError:
                continue
            seen_from, _, root = value.decode("utf-8", "surrogateescape").partition(" ")
            if seen_from == here:
                yield name, root


def _remove(kernel: Kernel, directories: list[str]) -> bool:
    there = [directory for directory in directories if kernel.exists(directory)]
    try:
        if any(members(kernel, place) for place in there):
            return False
        left = [place for place in there if not remove(kernel, place)]
        return not left
    except OSError:
        # Another engine removes the same at the same time, or the hierarchy is mounted read-only.
        return False
