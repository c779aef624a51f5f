"""Images as a whole: stored, named, found, shown and removed.

Knows archives, content and layers, but not containers: who uses an image it asks. Implements the engine's
`api.Images`. The records (a transaction each) are the truth; blobs and layers that no record names are garbage, which a
sweep removes when nobody is bringing any in. So a load that fails or is killed at any moment leaves nothing that the
next sweep does not find.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any

import msgspec

from tuicont.core.errors import Conflict, EngineError, Invalid, NotFound
from tuicont.core.image import garbage
from tuicont.core.image import manifest as documents
from tuicont.core.image.archive.importer import Importer, image_of
from tuicont.core.image.base import ImageRecords, ImageSource, IncomingImage, Note, Progress, Told, quiet
from tuicont.core.image.compression import RATIO
from tuicont.core.image.content import ContentStore
from tuicont.core.image.finding import find
from tuicont.core.image.reference import parse
from tuicont.core.model.event import Topic
from tuicont.core.model.image import Image, ImagePruneReport
from tuicont.core.model.selection import EVERYTHING, PruneFilter
from tuicont.core.storage.base import StorageDriver
from tuicont.core.sys.locks import lock, try_lock

Users = Mapping[str, Sequence[str]]
"""Image id → names of the containers made from it."""


class ImageService:
    """The images of one state root. Safe from any thread and process.

    `storage` gets the layers of new images, `storages` are all drivers that have layers; `made` are images built on
    first use. `users` tells which containers (by name) are made from each image (by id), and does not change while
    `guard` is held.
    """

    def __init__(
        self,
        records: ImageRecords,
        content: ContentStore,
        storage: StorageDriver,
        made: ImageSource | None = None,
        *,
        storages: Callable[[], Sequence[StorageDriver]],
        users: Callable[[], Users],
        guard: Callable[[], AbstractContextManager[object]],
    ) -> None:
        self._records = records
        self._content = content
        self._storage = storage
        self._storages = storages
        self._made = made
        self._users = users
        self._guard = guard

    # find

    def list(self) -> tuple[Image, ...]:
        """Every image, newest first."""
        return self._records.images()

    @property
    def buildable(self) -> tuple[str, ...]:
        """Names of images that need not be there to be asked for: they are built on first use."""
        return self._made.names if self._made else ()

    def get(self, ref: str) -> Image:
        """The image of that name, digest, id or unambiguous beginning of its id; one that can be made is made when it
        is asked for by name. Raises `NotFound`, `Invalid`."""
        if found := find(self._records.images(), ref):
            return found
        name = str(parse(ref))
        if self._made and name in self._made.names:
            self._make()
            if found := find(self._records.images(), ref):
                return found
        raise NotFound(f"find the image {ref}", "there is none of that name", hint=self._hint(name))

    def inspect(self, ref: str) -> dict[str, Any]:
        """All that is known of an image, as plain JSON values: its record, its size, and as `document` its
        configuration as it was brought in (image specification, config.md)."""
        image = self.get(ref)
        known: dict[str, Any] = msgspec.to_builtins(image)
        return known | {"size": image.size, "document": msgspec.json.decode(self._content.read(image.id))}

    def chains(self) -> frozenset[str]:
        """The chain ids of every layer that an image has."""
        return frozenset(layer.chain_id for image in self._records.images() for layer in image.layers)

    # change

    def load(
        self, path: str, progress: Progress | None = None, note: Note | None = None, *, ratio: int = RATIO
    ) -> tuple[Image, ...]:
        """Store the images of a Docker archive or OCI layout: a file (plain or compressed), a directory, or "-" for
        standard input. They come back with the names that they were loaded under; `note` is told what is not as the
        archive has it. Compressed data may become `ratio` times as large, or anything if that is 0. Nothing stays when
        it fails."""
        from tuicont.core.image.archive.reader import open_archive

        told = Told(progress=progress or quiet, note=note or quiet, ratio=ratio)
        with self._bringing_in(), open_archive(path, self._content, told) as incoming:
            return self._add(incoming, told)

    def tag(self, ref: str, name: str) -> Image:
        """Give an image one more name, taken from whichever image had it."""
        image, reference = self.get(ref), parse(name)
        if reference.digest:
            raise Invalid(f"tag {ref} as {name}", "a name with a digest cannot be given")
        with self._records.transaction() as changes:
            changes.put_image(msgspec.structs.replace(image, references=(str(reference),)))
            changes.event(Topic.IMAGE_CREATE, image.id, str(reference))
        self._write_index()
        return self.get(image.id)

    def unpack(self, image: Image, storage: StorageDriver) -> None:
        """Give `storage` the layers of an image that were unpacked for another driver."""
        chain = [layer.chain_id for layer in image.layers]
        importer = Importer(self._content, storage)
        with self._bringing_in():
            for number, (blob, layer) in enumerate(zip(self._blobs(image), image.layers, strict=True), 1):
                importer.unpack(blob, layer.diff_id, chain[:number], f"layer {number} of {len(chain)}")

    def remove(self, ref: str, *, force: bool = False) -> tuple[str, ...]:
        """Take a name away, and the image with its last name. What was done, as lines. Raises `Conflict` when
        containers need it; with `force` it only loses its names."""
        with self._guard():
            lines = self._remove(ref, self._users(), force=force)
            self.sweep()
            return lines

    def prune(self, which: PruneFilter = EVERYTHING, *, unnamed_only: bool = False) -> ImagePruneReport:
        """Remove what no container uses; blobs and layers that no image has go too."""
        lines: list[str] = []
        sizes = {layer.chain_id: layer.size for image in self._records.images() for layer in image.layers}
        with self._guard():
            users = self._users()
            for image in self._records.images():
                doomed = image.id not in users and not (unnamed_only and image.references)
                if doomed and which.takes(image.config.labels, image.created_ns):
                    lines += self._remove(image.id, users, force=True)
        return ImagePruneReport(lines=tuple(lines), bytes=self._sweep(sizes)[1])

    def _remove(self, ref: str, users: Users, *, force: bool) -> tuple[str, ...]:
        image = find(self._records.images(), ref)
        if image is None:
            raise NotFound(f"remove the image {ref}", "there is none of that name")
        by_name = ref not in (image.id,) and not image.id.removeprefix("sha256:").startswith(
            ref.removeprefix("sha256:")
        )
        doomed = (str(parse(ref)),) if by_name and len(image.references) > 1 else image.references
        last = len(doomed) == len(image.references)
        containers = users.get(image.id, ())
        if not force and last and containers:
            names = ", ".join(sorted(containers)[:5])
            raise Conflict(f"remove the image {ref}", f"containers use it: {names}", hint="remove them first, or force")
        if not force and not by_name and len(doomed) > 1:
            raise Conflict(
                f"remove the image {ref}", f"it has several names: {', '.join(doomed)}", hint="force removes all"
            )
        deleted = last and not containers
        if deleted:
            garbage.leave_word(self._content.root)
        with self._records.transaction() as changes:
            for name in doomed:
                changes.delete_image_name(name)
            if deleted:
                changes.delete_image(image.id)
            changes.event(Topic.IMAGE_DELETE, image.id, doomed[0] if doomed else image.id[7:19])
        self._write_index()
        return (*(f"untagged: {name}" for name in doomed), *((f"deleted: {image.id}",) if deleted else ()))

    def sweep(self) -> int:
        """Remove blobs and layers that no image has, unless somebody is bringing some in; how many."""
        return self._sweep()[0]

    def _sweep(self, sizes: Mapping[str, int] | None = None) -> tuple[int, int]:
        """See `sweep`; how many, and the bytes of them, with the `sizes` of layers as far as they are known. Without,
        nothing is measured."""
        fd = self._open_lock()
        try:
            if not try_lock(fd):
                return 0, 0
            chains, used, count, freed = self.chains(), self._used_blobs(), 0, 0
            for storage in self._storages():
                unnamed = [n for n in storage.names() if n.startswith("sha256:") and n not in chains]
                for name in reversed(unnamed):
                    if sizes is not None:
                        freed += sizes[name] if name in sizes else storage.usage(name).bytes
                    storage.remove(name)
                count += len(unnamed)
            for digest in self._content.digests():
                if digest not in used:
                    freed += 0 if sizes is None else self._content.size(digest)
                    self._content.remove(digest)
                    count += 1
            count += self._content.sweep()
            garbage.take_back(self._content.root)
            return count, freed
        finally:
            os.close(fd)

    def recover(self) -> tuple[Image, ...]:
        """Record again what the content store's index names: for a store whose records were lost. Images whose
        documents or layers are gone are passed over."""
        recovered = []
        with self._bringing_in():
            for digest, names in self._content.index():
                try:
                    image = self._recover(digest, names)
                except EngineError:
                    continue
                with self._records.transaction() as changes:
                    changes.put_image(image)
                recovered.append(image)
        return tuple(recovered)

    # below here nothing is part of the service

    def _hint(self, name: str) -> str:
        known = [n for image in self._records.images() for n in image.references] + list(self.buildable)
        close = [n for n in dict.fromkeys(known) if n.partition(":")[0] == name.partition(":")[0]] or known
        return f"there is {', '.join(dict.fromkeys(close[:4]))}; load -i FILE brings in others"

    def _make(self) -> None:
        assert self._made is not None
        incoming = self._made.build()
        with self._bringing_in():
            self._add(incoming, Told())

    def _add(self, incoming: Iterable[IncomingImage], told: Told) -> tuple[Image, ...]:
        """Bring all in before one is recorded; as they came, without the names that they had here."""
        images = tuple(Importer(self._content, self._storage, told).bring_in(image) for image in incoming)
        # A record that outlives a power cut must not be of something that does not.
        self._content.flush()
        self._storage.flush()
        with self._records.transaction() as changes:
            for image in images:
                changes.put_image(image)
                name = image.references[0] if image.references else image.id[7:19]
                changes.event(Topic.IMAGE_CREATE, image.id, name)
        self._write_index()
        return images

    def _recover(self, digest: str, names: tuple[str, ...]) -> Image:
        raw = self._content.read(digest)
        manifest = documents.decode(raw, documents.Manifest, "manifest")
        config = self._content.read(manifest.config.digest)
        chain = documents.chain_ids(documents.diff_ids(documents.read_configuration(config)))
        sizes = {chain_id: self._storage.usage(chain_id).bytes for chain_id in chain}
        for blob in manifest.layers or ():
            self._content.size(blob.digest)  # raises `NotFound`
        return image_of(config, names, digest, sizes)

    def _used_blobs(self) -> set[str]:
        used: set[str] = set()
        for image in self._records.images():
            used |= {image.id, image.manifest_digest, *(blob.digest for blob in self._blobs(image))}
        return used

    def _blobs(self, image: Image) -> Sequence[documents.Descriptor]:
        """The blobs of its layers, bottom first."""
        raw = self._content.read(image.manifest_digest)
        return documents.decode(raw, documents.Manifest, "manifest").layers or ()

    def _write_index(self) -> None:
        fd = self._open_lock("index.lock")
        try:
            lock(fd)
            self._content.write_index([(i.manifest_digest, i.references) for i in self._records.images()])
        finally:
            os.close(fd)

    @contextmanager
    def _bringing_in(self) -> Iterator[None]:
        """While blobs and layers come in that no record names yet, no sweep may take them."""
        fd = self._open_lock()
        try:
            lock(fd, shared=True)
            garbage.leave_word(self._content.root)
            yield
        finally:
            os.close(fd)
            with suppress(EngineError):  # then the next engine does it
                self.sweep()

    def _open_lock(self, name: str = "lock") -> int:
        return os.open(f"{self._content.root}/{name}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
