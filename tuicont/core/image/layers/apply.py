"""Applies a layer's archive to a storage driver's layer: files, and what the layer deletes (OCI image-spec, layer.md,
"Whiteouts").

Knows no driver: `LayerTarget` says how a deletion is written down. The archive's digest is checked against the
image's configuration before the layer counts.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from contextlib import suppress
from typing import BinaryIO

from tuicont.core.errors import Invalid
from tuicont.core.files.trees import remove_entry
from tuicont.core.image.compression import decompressed
from tuicont.core.image.layers.applier import Applier, parts_of, translated
from tuicont.core.image.layers.tarstream import ForwardReader, Member, members
from tuicont.core.storage.base import LayerTarget
from tuicont.core.storage.whiteouts import make_opaque, make_whiteout
from tuicont.core.sys.openat2 import open_in_root

_WHITEOUT = ".wh."
_OPAQUE = ".wh..wh..opq"
# AUFS's own files, which old archives still have: no deletions.
_AUFS = ".wh..wh."


def apply_layer(blob: BinaryIO, diff_id: str, target: LayerTarget, passed: Callable[[int], None] | None = None) -> None:
    """Unpack the layer `blob` (tar, plain or compressed) into `target`. `passed` is told after each member how many
    bytes of the blob have been read. Raises `Invalid` when the archive is damaged, harmful, or not the one whose
    uncompressed digest is `diff_id`."""
    reader = ForwardReader(decompressed(blob), hashed=True)
    with Applier(target.root_fd, lower_fds=target.lower_fds) as applier:
        deletions = _Plain(applier) if target.whiteouts == "plain" else _Overlay(applier, target)
        for member in members(reader):
            parts = parts_of(member.info.name)
            if parts and parts[-1].startswith(_WHITEOUT):
                with translated(member.info.name):
                    deletions.apply(parts)
            else:
                applier.apply(member)
                deletions.note(parts, member)
            if passed:
                passed(blob.tell())
        applier.finish()
    reader.drain()
    if reader.digest() != diff_id:
        values = {"expected": diff_id, "found": reader.digest()}
        raise Invalid("unpack the layer", "it is not the layer that the image names", values=values)


class _Overlay:
    """Deletions as overlayfs reads them."""

    def __init__(self, applier: Applier, target: LayerTarget) -> None:
        self._applier = applier
        self._lower_fds = target.lower_fds

    def note(self, parts: tuple[str, ...], member: Member) -> None:
        """What the layer itself brings is seen in the file system."""

    def apply(self, parts: tuple[str, ...]) -> None:
        above, name = parts[:-1], parts[-1]
        if name == _OPAQUE:
            fd = _open(self._applier.parent(above), ".")
            try:
                make_opaque(fd)
            finally:
                os.close(fd)
        elif not name.startswith(_AUFS):
            hidden = _hidden(name)
            if self._is_below(above, hidden):
                self._hide(self._applier.parent(above), hidden)

    def _is_below(self, above: tuple[str, ...], name: str) -> bool:
        # A whiteout of nothing would show as a file where the directory is merged with no other.
        for lower_fd in self._lower_fds:
            try:
                directory = open_in_root(lower_fd, "/".join(above), os.O_PATH | os.O_DIRECTORY)
            except OSError:
                continue
            try:
                os.stat(name, dir_fd=directory, follow_symlinks=False)
            except FileNotFoundError:
                continue
            finally:
                os.close(directory)
            return True
        return False

    def _hide(self, parent: int, name: str) -> None:
        try:
            make_whiteout(parent, name)
        except FileExistsError:
            # The layer brings its own, which hides what is below; but a directory would be merged.
            if stat.S_ISDIR(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode):
                fd = _open(parent, name)
                try:
                    make_opaque(fd)
                finally:
                    os.close(fd)


class _Plain:
    """Deletions carried out, in a tree that is a copy of the layers below."""

    def __init__(self, applier: Applier) -> None:
        self._applier = applier
        self._own: set[tuple[str, ...]] = set()

    def note(self, parts: tuple[str, ...], member: Member) -> None:
        """A deletion never means what the layer itself brings, in whatever order they come."""
        self._own.update(parts[:length] for length in range(1, len(parts) + 1))

    def apply(self, parts: tuple[str, ...]) -> None:
        above, name = parts[:-1], parts[-1]
        parent = self._applier.parent(above)
        if name == _OPAQUE:
            fd = _open(parent, ".")
            try:
                names = os.listdir(fd)
            finally:
                os.close(fd)
        elif name.startswith(_AUFS):
            return
        else:
            names = [_hidden(name)]
        for doomed in names:
            if (*above, doomed) not in self._own:
                with suppress(FileNotFoundError):
                    remove_entry(parent, doomed)
        self._applier.forget()


def _open(parent: int, name: str) -> int:
    return os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent)


def _hidden(name: str) -> str:
    """The name that a whiteout's name hides."""
    hidden = name[len(_WHITEOUT) :]
    if hidden in ("", ".", ".."):
        raise Invalid("unpack the layer", f"it deletes {hidden!r}")
    return hidden
