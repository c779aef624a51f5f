"""Files in and out of containers, running or not, without ever leaving their root."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, Protocol


class Files(Protocol):
    """`engine.files`."""

    def copy_out(self, ref: str, path: str, *, follow: bool = False) -> Iterator[bytes]:
        """A tar stream of `path` in the container, its base name first; with `follow`, of what a link there leads to.
        What is wrong with the path is raised at once, not in the middle."""

    def copy_in(self, ref: str, path: str, archive: BinaryIO) -> None:
        """Unpack a tar stream into the directory `path` of the container."""
