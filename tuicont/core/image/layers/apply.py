"""Applies a layer's archive to a storage driver's layer: files, and what the layer deletes (OCI image-spec, layer.md,
"Whiteouts").

Knows no driver: `LayerTarget` says how a deletion is written down. The archive's digest is checked against the
image's configuration before the layer counts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO

from tuicont.core.errors import Invalid
from tuicont.core.image.compression import decompressed
from tuicont.core.image.layers.applier import Applier, parts_of, translated
from tuicont.core.image.layers.deletions import WHITEOUT, OverlayDeletions, PlainDeletions
from tuicont.core.image.layers.tarstream import ForwardReader, members
from tuicont.core.storage.base import LayerTarget


def apply_layer(blob: BinaryIO, diff_id: str, target: LayerTarget, passed: Callable[[int], None] | None = None) -> None:
    """Unpack the layer `blob` (tar, plain or compressed) into `target`. `passed` is told after each member how many
    bytes of the blob have been read. Raises `Invalid` when the archive is damaged, harmful, or not the one whose
    uncompressed digest is `diff_id`."""
    reader = ForwardReader(decompressed(blob), hashed=True)
    stacked = target.whiteouts == "overlay"
    with Applier(target.root_fd, lower_fds=target.lower_fds, stacked=stacked) as applier:
        deletions = OverlayDeletions(applier, target) if stacked else PlainDeletions(applier, target)
        for member in members(reader):
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
    reader.drain()
    if reader.digest() != diff_id:
        values = {"expected": diff_id, "found": reader.digest()}
        raise Invalid("unpack the layer", "it is not the layer that the image names", values=values)
