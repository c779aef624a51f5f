"""A file tree in memory on its way to becoming a layer: entries by path, parts of the host copied into it.

Knows nothing of what is worth copying. Links are kept as links, so that the tree resolves paths as the host does.
"""

from __future__ import annotations

import os
import stat
import tarfile
from typing import NamedTuple

from tuicont.core.image.demo.elf import parse_elf
from tuicont.core.image.demo.libraries import Libraries
from tuicont.core.image.layers.tarwriter import END, entry, padded

_MOST_LINKS = 40


class Entry(NamedTuple):
    """`data` is a file's contents, or what a link says."""

    kind: bytes
    mode: int
    data: bytes = b""
    mtime: int = 0
    owner: int = 0


class Tree:
    """Entries by absolute path. `newest` is the latest modification time (seconds) of what came from the host."""

    def __init__(self) -> None:
        self.entries: dict[str, Entry] = {}
        self.newest = 0
        self._contents: dict[str, bytes] = {}
        self._libraries = Libraries(self._read)

    def directory(self, path: str, mode: int = 0o755, owner: int = 0) -> None:
        self._above(path)
        self.entries[path] = Entry(tarfile.DIRTYPE, mode, owner=owner)

    def file(self, path: str, text: str, mode: int = 0o644, owner: int = 0) -> None:
        self._above(path)
        self.entries[path] = Entry(tarfile.REGTYPE, mode, text.encode(), owner=owner)

    def link(self, path: str, target: str) -> None:
        self._above(path)
        self.entries[path] = Entry(tarfile.SYMTYPE, 0o777, target.encode())

    def program(self, path: str) -> None:
        """Copy a program of the host and everything that it loads. Raises `OSError`, and `ValueError` when a library
        that it needs is not there."""
        copied = self._host(path)
        if copied is None:
            return
        data = self._contents[copied]
        if data[:2] == b"#!":
            interpreter = data[2 : data.index(b"\n")].split()[0].decode()
            self.program(interpreter)
            return
        elf = parse_elf(data)
        if elf is None:
            return
        if elf.interpreter:
            self._host(elf.interpreter)
        for name in elf.needed:
            library = self._libraries.find(name, copied, elf)
            if library is None:
                raise ValueError(f"{path} needs the library {name}, which is not on this host")
            self.program(library.path)
            if not library.standard:
                # Its directory is only in the linker's cache, which the image does not have.
                place = f"{self._libraries.standard[0]}/{name}"
                if place not in self.entries:
                    self.link(self._resolved(place), library.path)

    def tar(self, mtime: int) -> bytes:
        """The tree as an archive; what is not from the host is dated `mtime` (seconds)."""
        parts: list[bytes] = []
        for path in sorted(self.entries):
            kind, mode, data, modified, owner = self.entries[path]
            is_file, is_link = kind == tarfile.REGTYPE, kind == tarfile.SYMTYPE
            name = path.lstrip("/") + ("/" if kind == tarfile.DIRTYPE else "")
            header = entry(
                name,
                kind,
                mode=mode,
                uid=owner,
                gid=owner,
                mtime_ns=(modified or mtime) * 10**9,
                size=len(data) if is_file else 0,
                link=data.decode() if is_link else "",
            )
            parts.append(header)
            if is_file:
                parts.extend(padded((data,), len(data)))
        return b"".join((*parts, END))

    def _host(self, path: str) -> str | None:
        """Copy a file of the host with every link that leads to it; its real path, or None if it was there."""
        real = self._resolved(path)
        if real in self._contents and real in self.entries:
            return None
        data = self._read(real)
        info = os.stat(real)
        self.newest = max(self.newest, int(info.st_mtime))
        self._above(real)
        mode = 0o755 if info.st_mode & 0o111 else 0o644
        self.entries[real] = Entry(tarfile.REGTYPE, mode, data, int(info.st_mtime))
        return real

    def _resolved(self, path: str) -> str:
        """The real path on the host; the links on the way are put into the tree."""
        done, left, links = "", path.strip("/").split("/"), 0
        while left:
            part = left.pop(0)
            if part in ("", "."):
                continue
            if part == "..":
                done = done.rpartition("/")[0]
                continue
            here = f"{done}/{part}"
            try:
                target = os.readlink(here) if stat.S_ISLNK(os.lstat(here).st_mode) else ""
            except FileNotFoundError:
                target = ""
            if not target:
                done = here
                continue
            links += 1
            if links > _MOST_LINKS:
                raise ValueError(f"{path}: too many links")
            if here not in self.entries:
                self.link(here, target)
            left = target.split("/") + left
            if target.startswith("/"):
                done = ""
        return done or "/"

    def _above(self, path: str) -> None:
        above = path.rpartition("/")[0]
        if above and above not in self.entries:
            self.directory(above)

    def _read(self, path: str) -> bytes:
        real = os.path.realpath(path)
        if real not in self._contents:
            with open(real, "rb") as file:
                self._contents[real] = file.read()
        return self._contents[real]
