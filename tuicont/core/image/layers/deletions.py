"""What a layer deletes, carried out in the tree that its archive is unpacked in (OCI image-spec, layer.md,
"Whiteouts").

Knows no archive and no driver. Two ways, which show the same: marks that overlayfs reads, where the layers are stacked;
removal, where the tree is a copy of the layers below.
"""

from __future__ import annotations

import errno
import os
import stat
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import TypeAlias

from tuicont.core.errors import Invalid
from tuicont.core.files.trees import remove_entry
from tuicont.core.image.layers.applier import Applier
from tuicont.core.storage.base import LayerTarget
from tuicont.core.storage.stacked import hides, shows
from tuicont.core.storage.whiteouts import is_opaque, is_whiteout, make_opaque, make_whiteout
from tuicont.core.sys.openat2 import open_in_root

WHITEOUT = ".wh."
_OPAQUE = ".wh..wh..opq"
# AUFS's own files, which old archives still have: no deletions.
_AUFS = ".wh..wh."

# As a tree, since every path of a layer may be as long as a path can be.
_Names: TypeAlias = "dict[str, _Names]"


class Deletions(ABC):
    """How a layer's deletions are carried out. They never mean what the layer itself brings, in whatever order they
    come."""

    def __init__(self, applier: Applier, target: LayerTarget) -> None:
        self._applier = applier
        self._root_fd = target.root_fd
        self._lower_fds = target.lower_fds
        self._own: _Names = {}

    def bring(self, parts: tuple[str, ...]) -> None:
        """Remember what the layer brings: in the file system it cannot be told from what is made for a deletion, or was
        copied."""
        own = self._own
        for part in parts:
            own = own.setdefault(part, {})

    def brought(self, parts: tuple[str, ...]) -> _Names | None:
        """What the layer brings below `parts`; None when it does not bring that itself."""
        own: _Names | None = self._own
        for part in parts:
            own = own.get(part) if own is not None else None
        return own

    def apply(self, parts: tuple[str, ...]) -> None:
        """Carry out one; the last of `parts` is the deletion."""
        above, name = parts[:-1], parts[-1]
        if name == _OPAQUE:
            self._applier.parent(above)
            self.bring(above)
            self.cover(above)
        elif not name.startswith(_AUFS):
            self.hide(above, _hidden(name))

    @abstractmethod
    def cover(self, parts: tuple[str, ...]) -> None:
        """Delete all that lower layers have in a directory that the layer brings."""

    @abstractmethod
    def hide(self, above: tuple[str, ...], name: str) -> None:
        """Delete what lower layers have under `name` in the directory `above`."""


class OverlayDeletions(Deletions):
    """As overlayfs reads them."""

    def cover(self, parts: tuple[str, ...]) -> None:
        # Deletions below have to go: where nothing is merged, overlayfs lists them among the rest.
        for fd, _ in _directories(self._root_fd, parts):
            if not is_opaque(fd):
                make_opaque(fd)
            for name in os.listdir(fd):
                if is_whiteout(os.stat(name, dir_fd=fd, follow_symlinks=False), fd, name):
                    os.unlink(name, dir_fd=fd)

    def hide(self, above: tuple[str, ...], name: str) -> None:
        # A whiteout of nothing would show as a file where the directory is merged with no other.
        # Nor is one needed where the layer itself hides what is below: by a deletion, a file or another directory.
        if hides(self._root_fd, above) or not shows(self._lower_fds, above, name):
            return
        parent = self._applier.parent(above)
        try:
            make_whiteout(parent, name)
        except FileExistsError:
            if self.brought((*above, name)) is None:
                # A directory that was made for a deletion in it, or a deletion.
                remove_entry(parent, name)
                make_whiteout(parent, name)
                self._applier.forget()
            elif stat.S_ISDIR(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode):
                # What is no directory hides what is below it; a directory would be merged with it.
                self.cover((*above, name))


class PlainDeletions(Deletions):
    """By removing, from a tree that is a copy of the layers below."""

    def cover(self, parts: tuple[str, ...]) -> None:
        for fd, where in _directories(self._root_fd, parts):
            self._applier.keep_age(where, fd)
            own = self.brought(where) or {}
            for name in os.listdir(fd):
                if name not in own:
                    remove_entry(fd, name)
        self._applier.forget()

    def hide(self, above: tuple[str, ...], name: str) -> None:
        if self.brought((*above, name)) is not None:
            self.cover((*above, name))
        elif (parent := self._applier.find(above)) is not None:
            remove_entry(parent, name)
            self._applier.forget()


def _directories(root_fd: int, parts: tuple[str, ...]) -> Iterator[tuple[int, tuple[str, ...]]]:
    """The directory `parts` and then, once the caller is done with it, those in it; nothing if it is none. However deep
    they are, one is open at a time."""
    waiting = [parts]
    while waiting:
        parts = waiting.pop()
        try:
            fd = open_in_root(root_fd, "/".join(parts), os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
                raise
            continue
        try:
            yield fd, parts
            with os.scandir(fd) as entries:
                waiting += [(*parts, entry.name) for entry in entries if entry.is_dir(follow_symlinks=False)]
        finally:
            os.close(fd)


def _hidden(name: str) -> str:
    """The name that a whiteout's name hides."""
    hidden = name[len(WHITEOUT) :]
    if hidden in ("", ".", ".."):
        raise Invalid("unpack the layer", f"it deletes {hidden!r}")
    return hidden
