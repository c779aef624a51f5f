"""Images out of archives: what `docker save`, `skopeo` and `umoci` write, as a tar file (plain or compressed), as a
stream, or as a directory.

Knows the two forms, Docker's (manifest.json) and the OCI image layout (index.json), and nothing of where images go.
Documents are bounded in size, and blobs are handed on unread with the digest that they must have.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import BinaryIO

from tuicont.core.errors import EngineError, Invalid, NotFound, Unsupported, kernel_error
from tuicont.core.image import manifest as documents
from tuicont.core.image.archive.files import ArchiveFiles, DirectoryFiles, TarFiles
from tuicont.core.image.base import IncomingImage, IncomingLayer, Progress
from tuicont.core.image.compression import decompressed, kind
from tuicont.core.image.content import ContentStore, chunks_of
from tuicont.core.image.manifest import Descriptor, DockerEntry, Index, Manifest, Platform
from tuicont.core.image.reference import parse

_OPERATION = "load the archive"
_NESTING = 4
_MOST_IMAGES = 1000


@contextmanager
def open_archive(path: str, content: ContentStore, progress: Progress | None = None) -> Iterator[list[IncomingImage]]:
    """The images in the file or directory `path` ("-": standard input), to be stored before the context ends. Raises
    `Invalid`, `NotFound`, `Unsupported` (no image for this machine)."""
    with ExitStack() as stack:
        try:
            files = _open(path, content, stack, progress)
            stack.callback(files.close)
        except FileNotFoundError as error:
            raise NotFound(_OPERATION, f"there is no file {path}") from error
        except OSError as error:
            raise kernel_error(_OPERATION, f"open {error.filename or path}", error) from error
        yield read_images(files, _stem(path))


def read_images(files: ArchiveFiles, stem: str) -> list[IncomingImage]:
    """The images that `files` hold; `stem` names those of which the archive says only a tag."""
    if (raw := files.read("manifest.json")) is not None:
        return [_docker_image(files, entry) for entry in documents.decode(raw, list[DockerEntry], "manifest.json")]
    if (raw := files.read("index.json")) is not None:
        return _layout_images(files, raw, stem)
    raise Invalid(
        _OPERATION,
        "it has neither manifest.json nor index.json",
        hint="docker save, skopeo and umoci write archives that can be loaded; docker export does not",
    )


def _open(path: str, content: ContentStore, stack: ExitStack, progress: Progress | None) -> ArchiveFiles:
    if os.path.isdir(path):
        return DirectoryFiles(path)
    file: BinaryIO
    descriptor = os.dup(0) if path == "-" else os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    file = stack.enter_context(os.fdopen(descriptor, "rb", buffering=0))
    if file.seekable() and not kind(_head(file)):
        return TarFiles(file)
    # Blobs are read out of order: what cannot be rewound is kept in a file without a name meanwhile.
    spool = stack.enter_context(content.spool())
    done = 0
    for chunk in chunks_of(decompressed(file)):
        spool.write(chunk)
        done += len(chunk)
        if progress:
            progress("reading the archive", done, 0)
    spool.flush()
    return TarFiles(spool)


def _head(file: BinaryIO) -> bytes:
    head = file.read(6)
    file.seek(0)
    return head


def _stem(path: str) -> str:
    name = os.path.basename(os.path.abspath(path)) if path != "-" else ""
    for suffix in (".gz", ".tgz", ".zst", ".tar", ".oci"):
        name = name.removesuffix(suffix)
    return name.lower()


# Docker's form


def _docker_image(files: ArchiveFiles, entry: DockerEntry) -> IncomingImage:
    config = files.read(entry.config)
    if config is None:
        raise Invalid(_OPERATION, f"the configuration {entry.config} is not in it")
    return IncomingImage(
        names=tuple(dict.fromkeys(name for tag in entry.repo_tags or () if (name := _name(tag)))),
        config=config,
        layers=tuple(_docker_layer(files, path) for path in entry.layers or ()),
    )


def _docker_layer(files: ArchiveFiles, path: str) -> IncomingLayer:
    size = files.size(path)
    if size is None:
        raise Invalid(_OPERATION, f"the layer {path} is not in it")
    # The name is no promise: a layer may be compressed since. Its digest comes from the configuration.
    return IncomingLayer(open=lambda: files.open(path), size=size)


# the OCI image layout


def _layout_images(files: ArchiveFiles, raw: bytes, stem: str) -> list[IncomingImage]:
    index = documents.decode(raw, Index, "index.json")
    names: dict[str, list[str]] = {}
    manifests: dict[str, Descriptor] = {}
    refused: list[Platform] = []
    seen: dict[str, Descriptor | None] = {}
    for descriptor in (index.manifests or ())[:_MOST_IMAGES]:
        chosen = _choose(files, descriptor, refused, seen, 0)
        if chosen is not None:
            manifests[chosen.digest] = chosen
            if name := _layout_name(descriptor.annotations or chosen.annotations or {}, stem):
                names.setdefault(chosen.digest, []).append(name)
    if not manifests:
        raise _nothing_for_this_machine(refused)
    return [_layout_image(files, d, tuple(dict.fromkeys(names.get(d.digest, ())))) for d in manifests.values()]


def _choose(
    files: ArchiveFiles,
    descriptor: Descriptor,
    refused: list[Platform],
    seen: dict[str, Descriptor | None],
    depth: int,
) -> Descriptor | None:
    """The manifest that `descriptor` means on this machine, through nested indices. Each index is looked into once,
    however often others name it, or a few small ones would take for ever."""
    documents.check(descriptor, "index")
    here = documents.host_platform()
    if descriptor.platform and not documents.runs_here(descriptor.platform, here):
        refused.append(descriptor.platform)
        return None
    if descriptor.media_type not in documents.INDEXES:
        return descriptor
    if descriptor.digest in seen:
        return seen[descriptor.digest]
    if depth == _NESTING:
        raise Invalid(_OPERATION, f"its indices are nested more than {_NESTING} deep")
    nested = documents.decode(_document(files, descriptor), Index, "index")
    found = [c for d in nested.manifests or () if (c := _choose(files, d, refused, seen, depth + 1))]
    # Of several variants (arm v6, v7, v8) the machine's own, else the first.
    own = next((d for d in found if d.platform and d.platform.variant == here.variant), None)
    seen[descriptor.digest] = own or (found[0] if found else None)
    return seen[descriptor.digest]


def _layout_image(files: ArchiveFiles, descriptor: Descriptor, names: tuple[str, ...]) -> IncomingImage:
    raw = _document(files, descriptor)
    manifest = documents.decode(raw, Manifest, "manifest")
    config = _document(files, documents.check(manifest.config, "configuration"))
    layers = [documents.check(layer, "layer") for layer in manifest.layers or ()]
    return IncomingImage(
        names=names, config=config, layers=tuple(_layout_layer(files, layer) for layer in layers), manifest=raw
    )


def _layout_layer(files: ArchiveFiles, layer: Descriptor) -> IncomingLayer:
    path = _blob(layer)
    if files.size(path) is None:
        raise Invalid(_OPERATION, f"the blob {layer.digest} is not in it")
    return IncomingLayer(
        open=lambda: files.open(path), digest=layer.digest, size=layer.size, media_type=layer.media_type
    )


def _document(files: ArchiveFiles, descriptor: Descriptor) -> bytes:
    raw = files.read(_blob(descriptor))
    if raw is None:
        raise Invalid(_OPERATION, f"the blob {descriptor.digest} is not in it")
    if documents.digest_of(raw) != descriptor.digest or len(raw) != descriptor.size:
        values = {"expected": descriptor.digest, "found": documents.digest_of(raw)}
        raise Invalid(_OPERATION, "a document is not the one that is named", values=values, hint="it is damaged")
    return raw


def _blob(descriptor: Descriptor) -> str:
    return f"blobs/{descriptor.digest.replace(':', '/')}"


def _layout_name(annotations: dict[str, str], stem: str) -> str:
    """Annotations say a whole name, or (skopeo, umoci) only a tag: then the archive's own name goes before it."""
    for key in (documents.CONTAINERD_NAME, documents.REF_NAME):
        text = annotations.get(key, "")
        whole = "/" in text or ":" in text or key == documents.CONTAINERD_NAME
        if text and (name := _name(text if whole or not stem else f"{stem}:{text}")):
            return name
    return ""


def _name(text: str) -> str:
    """The name in its full form; "" for what is none, which Docker writes as <none>:<none>."""
    try:
        reference = parse(text)
    except EngineError:
        return ""
    return f"{reference.repository}:{reference.tag}" if reference.tag else ""


def _nothing_for_this_machine(refused: list[Platform]) -> EngineError:
    if not refused:
        return Invalid(_OPERATION, "there is no image in it")
    here = documents.host_platform()
    there = ", ".join(sorted({f"{p.os}/{p.architecture}" for p in refused}))
    return Unsupported(_OPERATION, f"it has images for {there}; this machine is {here.os}/{here.architecture}")
