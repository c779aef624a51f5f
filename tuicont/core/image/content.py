"""The content store: blobs by digest, in a directory that is an OCI image layout (image-layout.md), so that other
tools can read it.

Knows nothing of what a blob means. A blob is there whole and verified or not at all: it is hashed while it is
written below `ingest/` and renamed. Files in work are locked, so that a sweep takes only those of the dead.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import BinaryIO

from tuicont.core.errors import Invalid, NotFound, kernel_error
from tuicont.core.files.writing import make_private, write_all
from tuicont.core.image.compression import Source
from tuicont.core.image.manifest import INDEX, MANIFEST, REF_NAME, Index, decode, encode
from tuicont.core.image.reference import is_digest
from tuicont.core.sys.locks import lock, try_lock

_CHUNK = 1 << 20


class ContentStore:
    """Blobs below `root_dir`: `blobs/sha256/HEX`. Safe from any thread and process."""

    def __init__(self, root_dir: str) -> None:
        self._root = self.root = root_dir
        try:
            make_private(root_dir, "blobs", "sha256")
            make_private(root_dir, "ingest")
        except OSError as error:
            raise kernel_error("open the content store", f"mkdir {error.filename}", error) from error

    def path(self, digest: str) -> str:
        """Where the blob is, or would be. Raises `Invalid` for what is no digest."""
        if not is_digest(digest):
            raise Invalid("find a blob", "not a sha256 digest", values={"digest": digest})
        return f"{self._root}/blobs/{digest.replace(':', '/')}"

    def has(self, digest: str) -> bool:
        return os.path.exists(self.path(digest))

    def size(self, digest: str) -> int:
        """Bytes. Raises `NotFound`."""
        try:
            return os.stat(self.path(digest)).st_size
        except FileNotFoundError as error:
            raise _missing(digest) from error

    def open(self, digest: str) -> BinaryIO:
        """The blob, to be read and closed. Raises `NotFound`."""
        try:
            return open(self.path(digest), "rb", buffering=0)
        except FileNotFoundError as error:
            raise _missing(digest) from error

    def read(self, digest: str) -> bytes:
        """A small blob whole. Raises `NotFound`."""
        with self.open(digest) as file:
            return file.read()

    def put(self, raw: bytes) -> str:
        """Store a small blob; its digest."""
        return self.ingest((raw,))

    def ingest(self, chunks: Iterable[bytes], *, digest: str = "", size: int = -1) -> str:
        """Store what `chunks` say and answer its digest. When `digest` or `size` (bytes) are given and it is not so,
        raises `Invalid` and stores nothing."""
        operation = f"store the blob {digest or 'of an image'}"
        temporary = f"{self._root}/ingest/{os.urandom(8).hex()}"
        try:
            fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise kernel_error(operation, f"open {temporary}", error) from error
        try:
            lock(fd)
            hasher, written = hashlib.sha256(), 0
            for chunk in chunks:
                hasher.update(chunk)
                written += len(chunk)
                if 0 <= size < written:
                    break
                write_all(fd, chunk)
            found = "sha256:" + hasher.hexdigest()
            if size not in (-1, written):
                more = "more" if written > size else f"{written}"
                raise Invalid(operation, f"it has {more} bytes, not {size}", hint="the archive is damaged or cut off")
            if digest not in ("", found):
                raise Invalid(operation, f"its digest is {found}", hint="the archive is damaged or was changed")
            os.fdatasync(fd)
            os.rename(temporary, self.path(found))
            return found
        except OSError as error:
            raise kernel_error(operation, f"write {temporary}", error) from error
        finally:
            with suppress(FileNotFoundError):
                os.unlink(temporary)
            os.close(fd)

    def remove(self, digest: str) -> None:
        """Forget a blob; one that is not there is no error."""
        with suppress(FileNotFoundError):
            os.unlink(self.path(digest))

    def digests(self) -> tuple[str, ...]:
        """Every blob there is."""
        return tuple(f"sha256:{name}" for name in sorted(os.listdir(f"{self._root}/blobs/sha256")))

    def write_index(self, manifests: Iterable[tuple[str, Sequence[str]]]) -> None:
        """Say in index.json which manifests are images, and by which names."""
        listed = []
        for digest, names in manifests:
            descriptor = {"mediaType": MANIFEST, "digest": digest, "size": self.size(digest)}
            listed += [{**descriptor, "annotations": {REF_NAME: name}} for name in names] or [descriptor]
        index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": listed}
        for name, document in (("oci-layout", {"imageLayoutVersion": "1.0.0"}), ("index.json", index)):
            with open(f"{self._root}/{name}.new", "wb") as file:
                file.write(encode(document))
            os.rename(f"{self._root}/{name}.new", f"{self._root}/{name}")

    def index(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """What `write_index` said: (manifest digest, names); nothing when there is no index, or a broken one."""
        found: dict[str, list[str]] = {}
        try:
            with open(f"{self._root}/index.json", "rb") as file:
                for descriptor in decode(file.read(), Index, "index.json").manifests or ():
                    names = found.setdefault(descriptor.digest, [])
                    if name := (descriptor.annotations or {}).get(REF_NAME):
                        names.append(name)
        except (OSError, Invalid):
            return ()
        return tuple((digest, tuple(names)) for digest, names in found.items())

    def spool(self) -> BinaryIO:
        """A file of its own without a name: it is gone when it is closed, however that happens."""
        return tempfile.TemporaryFile(dir=f"{self._root}/ingest")

    def sweep(self) -> int:
        """Remove what killed writers left in `ingest/`; how many files."""
        removed = 0
        for name in os.listdir(f"{self._root}/ingest"):
            path = f"{self._root}/ingest/{name}"
            with suppress(OSError):
                fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
                try:
                    if try_lock(fd):
                        os.unlink(path)
                        removed += 1
                finally:
                    os.close(fd)
        return removed


def chunks_of(file: Source, size: int = -1) -> Iterable[bytes]:
    """What is left of `file`, or its next `size` bytes, a megabyte at a time."""
    left = size
    while left and (chunk := file.read(min(left, _CHUNK) if left > 0 else _CHUNK)):
        yield chunk
        if left > 0:
            left -= len(chunk)


def _missing(digest: str) -> NotFound:
    return NotFound("read a blob", f"{digest} is not in the content store")
