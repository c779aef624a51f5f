"""Where the dynamic linker finds a library (ld.so(8)): RPATH, RUNPATH, ld.so.conf, the default directories.

Knows nothing of images. The environment is not asked: what is found must be found by every container as well.
"""

from __future__ import annotations

import glob
import os
import platform
from collections.abc import Callable
from typing import NamedTuple

from tuicont.core.image.demo.elf import Elf, parse_elf

_INCLUDES = 16


class Library(NamedTuple):
    """`standard`: the linker finds it there without its cache, so that a container's does as well."""

    path: str
    standard: bool


class Libraries:
    """The host's libraries. `read` gives a file's bytes (and may keep them: they are wanted again)."""

    def __init__(self, read: Callable[[str], bytes], root: str = "/") -> None:
        self._read = read
        self._root = root
        self.standard = default_directories()
        self._configured = tuple(configured_directories(os.path.join(root, "etc/ld.so.conf")))

    def find(self, name: str, wanted_by: str, elf: Elf) -> Library | None:
        """The library `name` for the file `wanted_by`, of the same machine; None when there is none."""
        if "/" in name:
            return Library(name, True) if self._fits(name, elf) else None
        own = elf.runpath or elf.rpath
        origin = os.path.dirname(os.path.realpath(wanted_by))
        for directory in (d.replace("$ORIGIN", origin).replace("${ORIGIN}", origin) for d in own):
            if self._fits(f"{directory}/{name}", elf):
                return Library(f"{directory}/{name}", True)
        for directories, standard in ((self.standard, True), (self._configured, False)):
            for directory in directories:
                if self._fits(f"{directory}/{name}", elf):
                    return Library(f"{directory}/{name}", standard)
        return None

    def _fits(self, path: str, elf: Elf) -> bool:
        if not os.path.isfile(path):
            return False
        found = parse_elf(self._read(path))
        return found is not None and found.kind == elf.kind


def default_directories() -> tuple[str, ...]:
    """Those built into glibc, Debian's multiarch ones first, and into musl."""
    triplet = f"{platform.machine()}-linux-gnu"
    return (
        f"/lib/{triplet}",
        f"/usr/lib/{triplet}",
        "/lib64",
        "/usr/lib64",
        "/lib",
        "/usr/lib",
        "/usr/local/lib",
    )


def configured_directories(path: str, depth: int = 0) -> list[str]:
    """The directories that ld.so.conf and what it includes name (ldconfig(8)), in order."""
    found: list[str] = []
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            lines = [line.split("#")[0].strip() for line in file]
    except OSError:
        return found
    for line in filter(None, lines):
        if line.startswith("include ") and depth < _INCLUDES:
            pattern = os.path.join(os.path.dirname(path), line.removeprefix("include ").strip())
            for included in sorted(glob.glob(pattern)):
                found += configured_directories(included, depth + 1)
        elif line.startswith("/"):
            found.append(line)
    return found
