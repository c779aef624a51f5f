"""Everything that the kernel tells of a directory tree, to compare one with another."""

from __future__ import annotations

import os
import stat
from typing import Any


def portrait(root: str | os.PathLike[str], *, times: bool = True) -> dict[str, tuple[Any, ...]]:
    """By path below `root` ("" is the root itself): type and mode, owner, device number, times, attributes, and the
    contents or the link's text, and all the names that it has."""
    found: dict[str, tuple[Any, ...]] = {}
    named: dict[int, list[str]] = {}
    top = os.fspath(root)
    for directory, directories, files in os.walk(top):
        for path in ([directory] if directory == top else []) + [f"{directory}/{n}" for n in directories + files]:
            below = path[len(top) :]
            info = os.lstat(path)
            what: Any = None
            if stat.S_ISREG(info.st_mode):
                with open(path, "rb") as file:
                    what = file.read()
            elif stat.S_ISLNK(info.st_mode):
                what = os.readlink(path)
            attributes = {name: os.getxattr(path, name, follow_symlinks=False) for name in _names(path)}
            names = named.setdefault(info.st_ino, [])
            names.append(below)
            shown = (info.st_mode, info.st_uid, info.st_gid, info.st_rdev, attributes, what, names)
            found[below] = (*shown, info.st_mtime_ns) if times else shown
    for names in named.values():
        names.sort()
    return found


def _names(path: str) -> list[str]:
    try:
        return sorted(os.listxattr(path, follow_symlinks=False))
    except OSError:
        return []
