"""Files in and out of containers, running or not, without ever leaving their root."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, Protocol

from tuicont.core.model.file import FileStat, LeftOut


class Files(Protocol):
    """`engine.files`. The mounts of a container take part, whether it runs or not: what is mounted writable is read and
    written, what is mounted read-only is only read, and what is there only while it runs (tmpfs, /proc, /dev) is empty
    when it does not, and refuses to be written."""

    def stat(self, ref: str, path: str) -> FileStat:
        """What `path` in the container leads to; a link is followed as far as it goes inside, to where nothing is too.
        Raises `Invalid` for what is below something that is no directory, or ends in a slash and is none."""

    def copy_out(
        self, ref: str, path: str, *, follow: bool = False, left_out: LeftOut | None = None
    ) -> Iterator[bytes]:
        """A tar stream of `path` in the container, its base name first; with `follow`, or when `path` ends in a slash,
        of what a link there leads to. What is wrong with the path is raised at once, not in the middle."""

    def copy_in(self, ref: str, path: str, archive: BinaryIO, *, left_out: LeftOut | None = None) -> None:
        """Unpack a tar stream into the directory `path` of the container. Raises `Conflict` for what is read-only."""

    def pack(
        self, path: str, name: str, *, follow: bool = False, keep_owner: bool = False, left_out: LeftOut | None = None
    ) -> Iterator[bytes]:
        """A tar stream, as `copy_in` takes it, of a path on this side, under the name `name` (`.`: a directory's
        contents). Without `keep_owner` everything in it belongs to root."""
