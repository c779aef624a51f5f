"""Images and their layers, after the OCI image specification."""

from __future__ import annotations

import msgspec


class Layer(msgspec.Struct, frozen=True, kw_only=True):
    """A read-only layer. `diff_id` is the digest of its uncompressed tar; `chain_id` names it together
    with everything below it (OCI image-spec, config.md, "Layer ChainID") and so the applied directory."""

    diff_id: str
    chain_id: str
    size: int
    created_by: str = ""


class ImageConfig(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the image says of the containers made from it (config.Config of the OCI image specification)."""

    user: str = ""
    env: tuple[str, ...] = ()
    entrypoint: tuple[str, ...] = ()
    cmd: tuple[str, ...] = ()
    workdir: str = ""
    stop_signal: str = ""
    labels: dict[str, str] = {}


class Image(msgspec.Struct, frozen=True, kw_only=True):
    """An image in the content store. `id` is the digest of its config, `sha256:…`; layers bottom first."""

    id: str
    references: tuple[str, ...]
    config: ImageConfig
    layers: tuple[Layer, ...]
    architecture: str
    os: str
    created_ns: int
    manifest_digest: str = ""

    @property
    def size(self) -> int:
        """Bytes of all layers as applied, shared ones included."""
        return sum(layer.size for layer in self.layers)


class ImagePruneReport(msgspec.Struct, frozen=True, kw_only=True):
    """What was removed: a line for each name that was taken away and each image that was deleted, and the bytes of the
    layers of those."""

    lines: tuple[str, ...] = ()
    bytes: int = 0
