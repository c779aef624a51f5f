"""What an upper layer does to the layers below it: added, changed and deleted paths.

Pure walking: knows no driver's layout, only directories stacked as overlayfs stacks them. Works on directory
descriptors and follows no link; the layer may belong to a running, hostile container.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence

from tuicont.core.model.container import Change
from tuicont.core.storage.whiteouts import is_opaque, is_whiteout

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# Every level keeps a descriptor per layer that has the directory.
_DEPTH = 100


def changes(upper: str, lowers: Sequence[str]) -> Iterator[Change]:
    """The changes of the directory `upper` over `lowers` (top first), in the order of their paths. A directory
    with changes below it is itself reported as changed, as `docker diff` does. `size` is that of a file's
    contents. Deeper than a hundred levels nothing is reported. Raises `OSError`."""
    opened: list[int] = []
    try:
        for path in (upper, *lowers):
            opened.append(os.open(path, _DIRECTORY))
        yield from _directory(opened[0], opened[1:], "", 0, False)
    finally:
        for fd in opened:
            os.close(fd)


def _directory(fd: int, lowers: Sequence[int], path: str, depth: int, hidden: bool) -> Iterator[Change]:
    # Below an opaque directory the directories are not marked themselves: nothing of theirs is merged.
    hidden = hidden or is_opaque(fd)
    names = set(os.listdir(fd))
    gone = _names(lowers) - names if hidden else set()
    for name in sorted(names | gone):
        here = f"{path}/{name}"
        if name in gone:
            if _below(lowers, name):
                yield Change(kind="D", path=here)
            continue
        try:
            info = os.stat(name, dir_fd=fd, follow_symlinks=False)
        except FileNotFoundError:
            continue
        existed = _below(lowers, name)
        if is_whiteout(info, fd, name):
            if existed:
                yield Change(kind="D", path=here)
            continue
        size = info.st_size if stat.S_ISREG(info.st_mode) else 0
        yield Change(kind="C" if existed else "A", path=here, size=size)
        if stat.S_ISDIR(info.st_mode) and depth < _DEPTH:
            yield from _descend(fd, lowers, name, here, depth + 1, hidden)


def _descend(fd: int, lowers: Sequence[int], name: str, path: str, depth: int, hidden: bool) -> Iterator[Change]:
    try:
        child = os.open(name, _DIRECTORY, dir_fd=fd)
    except OSError:
        return
    merged: list[int] = []
    try:
        merged = _merged(lowers, name)
        yield from _directory(child, merged, path, depth, hidden)
    finally:
        for opened in (child, *merged):
            os.close(opened)


def _below(lowers: Sequence[int], name: str) -> bool:
    """Whether the merged lower layers show `name`."""
    for lower in lowers:
        try:
            info = os.stat(name, dir_fd=lower, follow_symlinks=False)
        except (FileNotFoundError, NotADirectoryError):
            continue
        return not is_whiteout(info, lower, name)
    return False


def _merged(lowers: Sequence[int], name: str) -> list[int]:
    """The lower directories that overlayfs would merge under `name`, top first."""
    merged: list[int] = []
    for lower in lowers:
        try:
            child = os.open(name, _DIRECTORY, dir_fd=lower)
        except FileNotFoundError:
            continue
        except OSError:
            break
        merged.append(child)
        if is_opaque(child):
            break
    return merged


def _names(lowers: Sequence[int]) -> set[str]:
    return {name for lower in lowers for name in os.listdir(lower)}
