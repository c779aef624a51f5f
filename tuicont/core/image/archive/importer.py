"""Stores one image: documents and layers into the content store, layers unpacked into the storage driver.

Knows no records and no archive format. Everything is checked on its way: digests and sizes of blobs, and each layer's
uncompressed digest against the configuration.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from tuicont.core.errors import Invalid, Unsupported
from tuicont.core.image import manifest as documents
from tuicont.core.image.ahead import Ahead
from tuicont.core.image.base import IncomingImage, IncomingLayer, Told
from tuicont.core.image.compression import kind
from tuicont.core.image.content import ContentStore, Incoming, chunks_of
from tuicont.core.image.layers.apply import apply_layer, check_layer
from tuicont.core.image.layers.dress import Dropped
from tuicont.core.image.platforms import described, host_platform, runs_here
from tuicont.core.model.image import Image, Layer
from tuicont.core.storage.base import LayerTarget, StorageDriver

_OPERATION = "load the image"
_SHOWN = 100
_MOST_LAYERS = 500
"""What overlayfs stacks (fs/overlayfs/params.h), for every storage driver: an image is loaded for all of them."""


class Importer:
    """Brings images into one content store and one storage driver."""

    def __init__(self, content: ContentStore, storage: StorageDriver, told: Told | None = None) -> None:
        self._content = content
        self._storage = storage
        self._told = told or Told()
        self._dropped = Dropped()

    def bring_in(self, incoming: IncomingImage) -> Image:
        """Store the image; its record. What was stored before a failure stays, for a sweep to find."""
        configuration = documents.read_configuration(incoming.config)
        self._check_platform(configuration, incoming.names)
        diff_ids = documents.diff_ids(configuration)
        if len(diff_ids) != len(incoming.layers):
            values = {"layers": len(incoming.layers), "configuration": len(diff_ids)}
            raise Invalid(_OPERATION, "it does not have the layers that its configuration names", values=values)
        if len(diff_ids) > _MOST_LAYERS:
            raise Unsupported(_OPERATION, f"it has {len(diff_ids)} layers; the most is {_MOST_LAYERS}")
        config_digest = self._content.put(incoming.config)
        chain = documents.chain_ids(diff_ids)
        descriptors, sizes = [], {}
        for number, layer in enumerate(incoming.layers):
            what = f"layer {number + 1} of {len(chain)}"
            digest, sizes[chain[number]] = self._bring(layer, diff_ids[number], chain[: number + 1], what)
            descriptors.append(self._descriptor(digest))
        raw = incoming.manifest or documents.encode(
            documents.Manifest(
                config=documents.Descriptor(
                    media_type=documents.CONFIG, digest=config_digest, size=len(incoming.config)
                ),
                layers=descriptors,
            )
        )
        self._say_dropped()
        return image_of(incoming.config, incoming.names, self._content.put(raw), sizes)

    def unpack(self, descriptor: documents.Descriptor, diff_id: str, chain: Sequence[str], what: str) -> int:
        """Make the last layer of `chain` from its blob, unless it is there already; its size in bytes."""

        def unpack(target: LayerTarget) -> None:
            with self._content.open(descriptor.digest) as blob:
                apply_layer(blob, diff_id, target, self._passed(f"unpacking {what}", descriptor.size), ratio=0)

        return self._storage.add_layer(chain[-1], tuple(chain[:-1]), unpack).bytes

    def _bring(self, layer: IncomingLayer, diff_id: str, chain: Sequence[str], what: str) -> tuple[str, int]:
        """Store a layer's blob and unpack it, in one reading. Where the layer is there already its blob is read all the
        same: nobody has seen it yet. The blob's digest, and the layer's size in bytes."""
        digest = ""
        self._told.progress(f"reading {what}", 0, max(layer.size, 0))

        def unpack(target: LayerTarget) -> None:
            nonlocal digest
            stored = bool(layer.digest) and self._content.has(layer.digest)
            with self._reading(layer, checked=stored) as (incoming, blob):
                passed, ratio = self._passed(f"unpacking {what}", layer.size), self._told.ratio
                self._dropped += apply_layer(blob, diff_id, target, passed, digest=incoming.digest, ratio=ratio)
                digest = incoming.keep()

        size = self._storage.add_layer(chain[-1], tuple(chain[:-1]), unpack).bytes
        if not digest:
            with self._reading(layer, checked=True) as (incoming, blob):
                passed, ratio = self._passed(f"reading {what}", layer.size), self._told.ratio
                check_layer(blob, diff_id, passed, digest=incoming.digest, ratio=ratio)
                digest = incoming.keep()
        if not self._content.has(digest):
            with layer.open() as file:
                self._content.ingest(chunks_of(file), digest=digest, size=layer.size)
        return digest, size

    @contextmanager
    def _reading(self, layer: IncomingLayer, *, checked: bool) -> Iterator[tuple[Incoming, Ahead]]:
        """The layer's blob, hashed and (unless it is only `checked`) written ahead of whoever reads it."""
        with (
            layer.open() as file,
            self._content.receive(digest=layer.digest, size=layer.size, checked=checked) as incoming,
            Ahead(incoming.passing(chunks_of(file))) as blob,
        ):
            yield incoming, blob

    def _descriptor(self, digest: str) -> documents.Descriptor:
        with self._content.open(digest) as blob:
            media_type = documents.layer_type(kind(blob.read(6)))
        return documents.Descriptor(media_type=media_type, digest=digest, size=self._content.size(digest))

    def _passed(self, what: str, size: int) -> Callable[[int], None]:
        return lambda count: self._told.progress(what, count, max(size, 0))

    def _check_platform(self, configuration: documents.Configuration, names: Sequence[str]) -> None:
        wanted = documents.platform_of(configuration)
        here = host_platform()
        if wanted.os not in ("", here.os):
            raise Unsupported(_OPERATION, f"it is for {described(wanted)}; this machine is {described(here)}")
        if not runs_here(wanted, here):
            name = names[0] if names else "the image"
            self._told.note(f"{name} is for {described(wanted)}, and this machine is {described(here)}")

    def _say_dropped(self) -> None:
        for name, count in sorted(self._dropped.items()):
            entries = "an entry" if count == 1 else f"{count} entries"
            self._told.note(f"left out the attribute {name[:_SHOWN]!r} of {entries}: an image cannot give it here")


def image_of(config: bytes, names: tuple[str, ...], manifest_digest: str, sizes: Mapping[str, int]) -> Image:
    """The record of an image whose layers are stored; `sizes` are bytes by chain id."""
    configuration = documents.read_configuration(config)
    diff_ids = documents.diff_ids(configuration)
    chain = documents.chain_ids(diff_ids)
    layers = zip(diff_ids, chain, documents.layer_commands(configuration), strict=True)
    return Image(
        id=documents.digest_of(config),
        references=names,
        config=documents.image_config(configuration),
        layers=tuple(Layer(diff_id=d, chain_id=c, size=sizes[c], created_by=by) for d, c, by in layers),
        architecture=configuration.architecture,
        os=configuration.os,
        created_ns=documents.created_ns(configuration),
        manifest_digest=manifest_digest,
    )
