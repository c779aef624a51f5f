"""The content store: blobs by digest, in a directory that is an OCI image layout (image-layout.md), so that other
tools can read it.

Knows nothing of what a blob means. A blob is there whole and verified or not at all: it is hashed while it is
written below `ingest/` and renamed. Files in work are locked, so that a sweep takes only those of the dead.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import BinaryIO

from tuicont.core.errors import Invalid, NotFound, kernel_error
from tuicont.core.files.writing import make_private, write_all, write_file
from tuicont.core.image.compression import Source
from tuicont.core.image.manifest import INDEX, MANIFEST, REF_NAME, Index, decode, digest_of, encode
from tuicont.core.image.reference import is_digest
from tuicont.core.sys.locks import lock, try_lock
from tuicont.core.sys.syncfs import syncfs

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
        """Store a small blob, unless it is there; its digest."""
        digest = digest_of(raw)
        return digest if self.has(digest) else self.ingest((raw,))

    def ingest(self, chunks: Iterable[bytes], *, digest: str = "", size: int = -1) -> str:
        """Store what `chunks` say and answer its digest. When `digest` or `size` (bytes) are given and it is not so,
        raises `Invalid` and stores nothing."""
        with self.receive(digest=digest, size=size) as incoming:
            for _ in incoming.passing(chunks):
                pass
            return incoming.keep()

    @contextmanager
    def receive(self, *, digest: str = "", size: int = -1, checked: bool = False) -> Iterator[Incoming]:
        """A blob on its way in, which is stored when its `keep` is called before the context ends. With `checked` only
        what it is made out to be is looked at, and nothing is written."""
        operation = f"store the blob {digest or 'of an image'}"
        if checked:
            yield Incoming(self, operation, digest, size, "", -1)
            return
        temporary = f"{self._root}/ingest/{os.urandom(8).hex()}"
        try:
            fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise kernel_error(operation, f"open {temporary}", error) from error
        try:
            lock(fd)
            yield Incoming(self, operation, digest, size, temporary, fd)
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

    def flush(self) -> None:
        """See to it that every blob has its name on the disk too: before anything says that it is there."""
        try:
            syncfs(self._root)
        except OSError as error:
            raise kernel_error("flush the blobs", f"syncfs {self._root}", error) from error

    def write_index(self, manifests: Iterable[tuple[str, Sequence[str]]]) -> None:
        """Say in index.json which manifests are images, and by which names."""
        listed = []
        for digest, names in manifests:
            descriptor = {"mediaType": MANIFEST, "digest": digest, "size": self.size(digest)}
            listed += [{**descriptor, "annotations": {REF_NAME: name}} for name in names] or [descriptor]
        index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": listed}
        for name, document in (("oci-layout", {"imageLayoutVersion": "1.0.0"}), ("index.json", index)):
            self._write_document(f"{self._root}/{name}", encode(document))

    def _write_document(self, path: str, raw: bytes) -> None:
        with suppress(FileNotFoundError), open(path, "rb") as file:
            if file.read() == raw:
                return
        write_file(f"{path}.new", raw, 0o600)
        with open(f"{path}.new", "rb") as file:
            os.fdatasync(file.fileno())
        os.rename(f"{path}.new", path)

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


class Incoming:
    """A blob that is hashed while it passes, and written unless `fd` is -1."""

    def __init__(self, store: ContentStore, operation: str, digest: str, size: int, temporary: str, fd: int) -> None:
        self._store = store
        self._operation = operation
        self._digest = digest
        self._size = size
        self._temporary = temporary
        self._fd = fd
        self._hash = hashlib.sha256()
        self._count = 0

    def passing(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """The same chunks. Raises `Invalid` as soon as there are more bytes than there should be."""
        for chunk in chunks:
            self._hash.update(chunk)
            self._count += len(chunk)
            if 0 <= self._size < self._count:
                raise self._of_size("more")
            if self._fd >= 0:
                try:
                    write_all(self._fd, chunk)
                except OSError as error:
                    raise kernel_error(self._operation, f"write {self._temporary}", error) from error
            yield chunk

    def digest(self) -> str:
        """The digest of what has passed until now."""
        return "sha256:" + self._hash.hexdigest()

    def keep(self) -> str:
        """Store what has passed, which is all; its digest. Raises `Invalid` when it is not what it should be."""
        if self._size not in (-1, self._count):
            raise self._of_size(str(self._count))
        found = self.digest()
        if self._digest not in ("", found):
            raise Invalid(self._operation, f"its digest is {found}", hint="the archive is damaged or was changed")
        if self._fd >= 0:
            try:
                os.fdatasync(self._fd)
                os.rename(self._temporary, self._store.path(found))
            except OSError as error:
                raise kernel_error(self._operation, f"write {self._temporary}", error) from error
        return found

    def _of_size(self, count: str) -> Invalid:
        cause = f"it has {count} bytes, not {self._size}"
        return Invalid(self._operation, cause, hint="the archive is damaged or cut off")


def chunks_of(file: Source, size: int = -1) -> Iterator[bytes]:
    """What is left of `file`, or its next `size` bytes, a megabyte at a time."""
    left = size
    while left and (chunk := file.read(min(left, _CHUNK) if left > 0 else _CHUNK)):
        yield chunk
        if left > 0:
            left -= len(chunk)


def _missing(digest: str) -> NotFound:
    return NotFound("read a blob", f"{digest} is not in the content store")
