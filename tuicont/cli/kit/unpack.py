"""Unpacks a tar stream that came out of a container into a directory of the host.

The stream is hostile: names may lead out, links may point anywhere, later members may go through earlier
links. Every step is taken from a directory descriptor and follows no link; set-id bits are dropped (a file of
an image's root must not become one of the host's), and so are devices, FIFOs and sockets. Nor does anything take
the place of such a thing of the host's. A container may be at work in the directory too, if it has it as a volume:
what is made is changed by its descriptor, not by its name.
"""

from __future__ import annotations

import io
import os
import shutil
import stat
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tuicont.core.errors import Invalid
from tuicont.core.model.file import kind_of, tar_time_ns

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_OPERATION = "unpack what the container sent"
_MODES = 0o777 | stat.S_ISVTX


class Unpacker:
    """Unpacks below the directory `root_fd`. `rename` gives a member's place, as path components, from its own;
    `keep_owner` gives files the numbers that they have in the container. `skipped` names what was left out."""

    def __init__(self, root_fd: int, rename: Callable[[list[str]], list[str]], *, keep_owner: bool = False) -> None:
        self._root = root_fd
        self._rename = rename
        self._keep_owner = keep_owner
        self._finished_directories: list[tuple[list[str], tarfile.TarInfo]] = []
        self.skipped: list[str] = []

    def unpack(self, stream: io.RawIOBase) -> None:
        """Everything in the stream. Raises `Invalid` for a name that leads out, `OSError` for the host's refusals."""
        try:
            with tarfile.open(fileobj=stream, mode="r|") as archive:
                for member in archive:
                    self._member(archive, member)
        except tarfile.TarError as error:
            raise Invalid(_OPERATION, f"the stream is no tar archive: {error}") from error
        for place, member in reversed(self._finished_directories):
            with self._parent([*place, "."]) as fd:
                self._finish(fd, member)

    def _member(self, archive: tarfile.TarFile, member: tarfile.TarInfo) -> None:
        place = self._place(member.name)
        if member.isdir():
            with self._parent([*place, "."], make=True):
                self._finished_directories.append((place, member))
            return
        if not place:
            raise Invalid(_OPERATION, f"{member.name!r} would take the place of the directory itself")
        if not (member.isreg() or member.issym() or member.islnk()):
            self.skipped.append(member.name)
            return
        with self._parent(place, make=True) as fd:
            name = place[-1]
            self._make_room(fd, name)
            if member.issym():
                os.symlink(member.linkname, name, dir_fd=fd)
                if self._keep_owner:
                    os.chown(name, member.uid, member.gid, dir_fd=fd, follow_symlinks=False)
                os.utime(name, ns=_times(member), dir_fd=fd, follow_symlinks=False)
            elif member.islnk():
                source = self._place(member.linkname)
                with self._parent(source) as source_fd:
                    os.link(source[-1], name, src_dir_fd=source_fd, dst_dir_fd=fd, follow_symlinks=False)
            else:
                content = archive.extractfile(member)
                with open(os.open(name, _NEW_FILE, 0o600, dir_fd=fd), "wb") as file:
                    if content is not None:
                        shutil.copyfileobj(content, file, 1 << 20)
                    file.flush()
                    self._finish(file.fileno(), member)

    def _finish(self, fd: int, member: tarfile.TarInfo) -> None:
        """What a file or directory is besides its contents."""
        if self._keep_owner:
            os.fchown(fd, member.uid, member.gid)
        os.fchmod(fd, member.mode & _MODES)
        os.utime(fd, ns=_times(member))

    def _place(self, name: str) -> list[str]:
        parts = [part for part in name.split("/") if part not in ("", ".")]
        if ".." in parts:
            raise Invalid(_OPERATION, f"the name {name!r} leads out of the destination")
        return self._rename(parts)

    @contextmanager
    def _parent(self, place: list[str], *, make: bool = False) -> Iterator[int]:
        """The directory that the last component is in; with `make`, it is made when it is not there."""
        fd = os.dup(self._root)
        try:
            for part in place[:-1]:
                try:
                    inner = os.open(part, _DIRECTORY, dir_fd=fd)
                except FileNotFoundError:
                    if not make:
                        raise
                    os.mkdir(part, 0o700, dir_fd=fd)
                    inner = os.open(part, _DIRECTORY, dir_fd=fd)
                os.close(fd)
                fd = inner
            yield fd
        finally:
            os.close(fd)

    @staticmethod
    def _make_room(fd: int, name: str) -> None:
        """Remove a file or link of that name. Raises `Invalid` for anything else."""
        try:
            mode = os.stat(name, dir_fd=fd, follow_symlinks=False).st_mode
        except FileNotFoundError:
            return
        if not (stat.S_ISREG(mode) or stat.S_ISLNK(mode)):
            raise Invalid(_OPERATION, f"{name!r} is {kind_of(mode)} here, and nothing takes its place")
        os.unlink(name, dir_fd=fd)


def _times(member: tarfile.TarInfo) -> tuple[int, int]:
    """Access and modification time."""
    time = tar_time_ns(member.pax_headers.get("mtime", ""), member.mtime)
    return time, time
