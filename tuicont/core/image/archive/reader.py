"""Images out of archives: what `docker save`, `skopeo` and `umoci` write, as a tar file (plain or compressed), as a
stream, or as a directory.

Opens them and tells their form: Docker's (manifest.json), which is read here, or the OCI image layout. Knows nothing of
where images go. Documents are bounded in size, and blobs are handed on unread with the digest that they must have.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import BinaryIO

from tuicont.core.errors import Invalid, NotFound, kernel_error
from tuicont.core.image import manifest as documents
from tuicont.core.image.archive.files import ArchiveFiles, DirectoryFiles, TarFiles
from tuicont.core.image.archive.layout import Layout, full_name
from tuicont.core.image.base import IncomingImage, IncomingLayer, Told
from tuicont.core.image.compression import decompressed, kind
from tuicont.core.image.content import ContentStore, chunks_of
from tuicont.core.image.manifest import DockerEntry

_OPERATION = "load the archive"
_DESCRIPTOR = re.compile(r"/dev/(stdin|fd/\d+)|/proc/[^/]+/fd/\d+")


@contextmanager
def open_archive(path: str, content: ContentStore, told: Told) -> Iterator[list[IncomingImage]]:
    """The images in the file or directory `path` ("-": standard input), to be stored before the context ends. Raises
    `Invalid`, `NotFound`, `Unsupported` (no image for this machine)."""
    with ExitStack() as stack:
        try:
            files = _open(path, content, stack, told)
            stack.callback(files.close)
        except FileNotFoundError as error:
            raise NotFound(_OPERATION, f"there is no file {path}") from error
        except OSError as error:
            raise kernel_error(_OPERATION, f"open {error.filename or path}", error) from error
        yield _images(files, _stem(path), told)


def _images(files: ArchiveFiles, stem: str, told: Told) -> list[IncomingImage]:
    """The images that `files` hold; `stem` names those of which the archive says only a tag."""
    if (raw := files.read("manifest.json")) is not None:
        return [_docker_image(files, entry) for entry in documents.decode(raw, list[DockerEntry], "manifest.json")]
    if (raw := files.read("index.json")) is not None:
        return Layout(files, stem, told.note).images(raw)
    raise Invalid(
        _OPERATION,
        "it has neither manifest.json nor index.json",
        hint="docker save, skopeo and umoci write archives that can be loaded; docker export does not",
    )


def _open(path: str, content: ContentStore, stack: ExitStack, told: Told) -> ArchiveFiles:
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
    for chunk in chunks_of(decompressed(file, told.ratio)):
        spool.write(chunk)
        done += len(chunk)
        told.progress("reading the archive", done, 0)
    spool.flush()
    return TarFiles(spool)


def _head(file: BinaryIO) -> bytes:
    head = file.read(6)
    file.seek(0)
    return head


def _stem(path: str) -> str:
    """What an archive calls its images by its own name; a pipe has none ("/dev/fd/63")."""
    if path == "-" or not (os.path.isfile(path) or os.path.isdir(path)) or _DESCRIPTOR.fullmatch(path):
        return ""
    name = os.path.basename(os.path.abspath(path))
    for suffix in (".gz", ".tgz", ".zst", ".xz", ".txz", ".bz2", ".tbz2", ".tar", ".oci"):
        name = name.removesuffix(suffix)
    return name.lower()


# Docker's form


def _docker_image(files: ArchiveFiles, entry: DockerEntry) -> IncomingImage:
    config = files.read(entry.config)
    if config is None:
        raise Invalid(_OPERATION, f"the configuration {entry.config} is not in it")
    return IncomingImage(
        names=tuple(dict.fromkeys(name for tag in entry.repo_tags or () if (name := full_name(tag)))),
        config=config,
        layers=tuple(_docker_layer(files, path) for path in entry.layers or ()),
    )


def _docker_layer(files: ArchiveFiles, path: str) -> IncomingLayer:
    size = files.size(path)
    if size is None:
        raise Invalid(_OPERATION, f"the layer {path} is not in it")
    # The name is no promise: a layer may be compressed since. Its digest comes from the configuration.
    return IncomingLayer(open=lambda: files.open(path), size=size)
