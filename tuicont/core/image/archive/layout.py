"""The images of an OCI image layout (image-layout.md): those that run on this machine, with their names.

Knows no archive format, and nothing of where images go. A layout may hold more than images, and images for others: that
is passed over, and what is no image is said.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from tuicont.core.errors import EngineError, Invalid, Unsupported
from tuicont.core.image import manifest as documents
from tuicont.core.image.archive.files import ArchiveFiles
from tuicont.core.image.base import IncomingImage, IncomingLayer
from tuicont.core.image.manifest import Descriptor, Index, Manifest, Platform
from tuicont.core.image.platforms import described, host_platform, preference, runs_here
from tuicont.core.image.reference import parse

_OPERATION = "load the archive"
_NESTING = 4
_MOST_IMAGES = 1000
_SHOWN = 19


class _Found(NamedTuple):
    """An image's manifest, as it is and as it is read."""

    descriptor: Descriptor
    raw: bytes
    manifest: Manifest


class Layout:
    """The layout in `files`; `stem` names those images of which it says only a tag, `note` is told what is passed
    over. Everything raises `Invalid` and `Unsupported`."""

    def __init__(self, files: ArchiveFiles, stem: str, note: Callable[[str], None]) -> None:
        self._files = files
        self._stem = stem
        self._note = note
        self._refused: list[Platform] = []
        self._seen: dict[str, _Found | None] = {}
        self._strange: dict[str, str] = {}

    def images(self, index: bytes) -> list[IncomingImage]:
        """The images that the document index.json leads to."""
        names: dict[str, list[str]] = {}
        found: dict[str, _Found] = {}
        for descriptor in (documents.decode(index, Index, "index.json").manifests or ())[:_MOST_IMAGES]:
            if (chosen := self._choose(descriptor, 0)) is None:
                continue
            digest = chosen.descriptor.digest
            found[digest] = chosen
            if name := self._name(descriptor.annotations or chosen.descriptor.annotations or {}):
                names.setdefault(digest, []).append(name)
        if not found:
            raise self._nothing()
        for digest, what in self._strange.items():
            self._note(f"passed over {digest[:_SHOWN]}: it is no image but {what}")
        return [self._image(each, tuple(dict.fromkeys(names.get(digest, ())))) for digest, each in found.items()]

    def _choose(self, descriptor: Descriptor, depth: int) -> _Found | None:
        """The image that `descriptor` means on this machine, through nested indices. Each document is looked into once,
        however often others name it, or a few small ones would take for ever."""
        annotations = descriptor.annotations or {}
        if what := annotations.get(documents.REFERENCE_TYPE) or self._unknown(descriptor):
            self._strange[descriptor.digest] = what
            return None
        documents.check(descriptor, "index")
        if descriptor.platform and not runs_here(descriptor.platform, host_platform()):
            self._refused.append(descriptor.platform)
            return None
        if descriptor.digest not in self._seen:
            look = self._look_into if descriptor.media_type in documents.INDEXES else self._read
            self._seen[descriptor.digest] = look(descriptor, depth)
        return self._seen[descriptor.digest]

    def _look_into(self, descriptor: Descriptor, depth: int) -> _Found | None:
        if depth == _NESTING:
            raise Invalid(_OPERATION, f"its indices are nested more than {_NESTING} deep")
        nested = documents.decode(self._document(descriptor), Index, "index")
        found = [each for d in nested.manifests or () if (each := self._choose(d, depth + 1))]
        # The first of those that use as much of the processor as there is.
        return max(found, key=lambda each: preference(each.descriptor.platform), default=None)

    def _read(self, descriptor: Descriptor, depth: int) -> _Found | None:
        raw = self._document(descriptor)
        manifest = documents.decode(raw, Manifest, "manifest")
        if what := documents.not_an_image(manifest):
            self._strange[descriptor.digest] = what
            return None
        return _Found(descriptor, raw, manifest)

    def _unknown(self, descriptor: Descriptor) -> str:
        known = (*documents.INDEXES, *documents.MANIFESTS)
        return "" if descriptor.media_type in known else descriptor.media_type

    def _image(self, found: _Found, names: tuple[str, ...]) -> IncomingImage:
        config = self._document(documents.check(found.manifest.config, "configuration"))
        layers = [documents.check(layer, "layer") for layer in found.manifest.layers or ()]
        return IncomingImage(
            names=names, config=config, layers=tuple(self._layer(layer) for layer in layers), manifest=found.raw
        )

    def _layer(self, layer: Descriptor) -> IncomingLayer:
        path = _blob(layer)
        if self._files.size(path) is None:
            raise Invalid(_OPERATION, f"the blob {layer.digest} is not in it")
        return IncomingLayer(
            open=lambda: self._files.open(path), digest=layer.digest, size=layer.size, media_type=layer.media_type
        )

    def _document(self, descriptor: Descriptor) -> bytes:
        raw = self._files.read(_blob(descriptor))
        if raw is None:
            raise Invalid(_OPERATION, f"the blob {descriptor.digest} is not in it")
        if documents.digest_of(raw) != descriptor.digest or len(raw) != descriptor.size:
            values = {"expected": descriptor.digest, "found": documents.digest_of(raw)}
            raise Invalid(_OPERATION, "a document is not the one that is named", values=values, hint="it is damaged")
        return raw

    def _name(self, annotations: dict[str, str]) -> str:
        """Annotations say a whole name, or (skopeo, umoci) only a tag: then the archive's own name goes before it."""
        for key in (documents.CONTAINERD_NAME, documents.REF_NAME):
            text = annotations.get(key, "")
            whole = "/" in text or ":" in text or key == documents.CONTAINERD_NAME
            if text and (name := full_name(text if whole or not self._stem else f"{self._stem}:{text}")):
                return name
        return ""

    def _nothing(self) -> EngineError:
        if self._refused:
            there = ", ".join(sorted({described(each) for each in self._refused}))
            cause = f"it has images for {there}; this machine is {described(host_platform())}"
            return Unsupported(_OPERATION, cause)
        what = f" but {', '.join(sorted(set(self._strange.values())))}" if self._strange else ""
        return Invalid(_OPERATION, f"there is no image in it{what}")


def full_name(text: str) -> str:
    """The name in its full form; "" for what is none, which Docker writes as <none>:<none>."""
    try:
        reference = parse(text)
    except EngineError:
        return ""
    return f"{reference.repository}:{reference.tag}" if reference.tag else ""


def _blob(descriptor: Descriptor) -> str:
    return f"blobs/{descriptor.digest.replace(':', '/')}"
