"""Applies a layer's archive to a storage driver's layer: files, and what the layer deletes (OCI image-spec, layer.md,
"Whiteouts").

Knows no driver: `LayerTarget` says how a deletion is written down. The archive's digest is checked against the
image's configuration before the layer counts. It is decompressed and hashed ahead of the files that are made of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from tuicont.core.errors import Invalid
from tuicont.core.image.ahead import Ahead
from tuicont.core.image.compression import RATIO, Source, decompressed, is_plain
from tuicont.core.image.layers.applier import Applier, parts_of, translated
from tuicont.core.image.layers.deletions import WHITEOUT, OverlayDeletions, PlainDeletions
from tuicont.core.image.layers.dress import Dropped
from tuicont.core.image.layers.tarstream import ForwardReader, members
from tuicont.core.storage.base import LayerTarget

_CHUNK = 1 << 20
Passed = Callable[[int], None]
"""Told, again and again, how many bytes of a blob have been read."""


class Blob(Source, Protocol):
    """A layer as it is kept: tar, plain or compressed."""

    def tell(self) -> int: ...


def apply_layer(
    blob: Blob,
    diff_id: str,
    target: LayerTarget,
    passed: Passed | None = None,
    *,
    digest: Callable[[], str] | None = None,
    ratio: int = RATIO,
) -> Dropped:
    """Unpack the layer `blob` into `target`, and read it to its end; how often which attributes were left out. Raises
    `Invalid` when the archive is damaged, harmful, or not the one whose uncompressed digest is `diff_id`. Who knows the
    digest of the blob itself once it is read says it with `digest`: what is not compressed is not hashed again. For
    `ratio` see `decompressed`."""
    with _unpacked(blob, diff_id, digest, ratio) as stream:
        stacked = target.whiteouts == "overlay"
        with Applier(target.root_fd, lower_fds=target.lower_fds, stacked=stacked) as applier:
            deletions = OverlayDeletions(applier, target) if stacked else PlainDeletions(applier, target)
            for member in members(ForwardReader(stream)):
                parts = parts_of(member.info.name)
                if parts and parts[-1].startswith(WHITEOUT):
                    with translated(member.info.name):
                        deletions.apply(parts)
                else:
                    applier.apply(member)
                    deletions.bring(parts)
                if passed:
                    passed(blob.tell())
            applier.finish()
    return applier.dropped


def check_layer(
    blob: Blob,
    diff_id: str,
    passed: Passed | None,
    *,
    digest: Callable[[], str] | None,
    ratio: int,
) -> None:
    """The same without unpacking anything: for a layer that is there already."""
    with _unpacked(blob, diff_id, digest, ratio) as stream:
        while stream.read():
            if passed:
                passed(blob.tell())


@contextmanager
def _unpacked(blob: Blob, diff_id: str, digest: Callable[[], str] | None, ratio: int) -> Iterator[Ahead]:
    """The uncompressed archive. When the context ends well, the rest of both is read and what it is is checked."""
    archive = decompressed(blob, ratio)
    hasher = hashlib.sha256()
    own = digest is not None and is_plain(archive)

    def pieces() -> Iterator[bytes]:
        while piece := archive.read(_CHUNK):
            if not own:
                hasher.update(piece)
            yield piece

    with Ahead(pieces()) as stream:
        yield stream
        stream.drain()
    while blob.read(_CHUNK):
        pass  # behind the end of the compressed data
    found = digest() if own and digest else "sha256:" + hasher.hexdigest()
    if found != diff_id:
        values = {"expected": diff_id, "found": found}
        raise Invalid("unpack the layer", "it is not the layer that the image names", values=values)
