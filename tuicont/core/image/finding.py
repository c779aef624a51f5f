"""Finding the image that the user means. Knows the records alone: to make a container of an image that is there takes
nothing of what brings images in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from tuicont.core.errors import Conflict, Invalid
from tuicont.core.image.reference import parse
from tuicont.core.model.image import Image
from tuicont.core.storage.base import StorageDriver

if TYPE_CHECKING:
    from tuicont.core.image.base import ImageFinder, ImageRecords

_SHORTEST_ID = 4


class Finder:
    """An `ImageFinder` that asks `service` for what is not there, or not unpacked, yet."""

    def __init__(self, records: ImageRecords, service: Callable[[], ImageFinder]) -> None:
        self._records = records
        self._service = service

    def get(self, ref: str) -> Image:
        """See `ImageFinder`."""
        return find(self._records.images(), ref) or self._service().get(ref)

    def unpack(self, image: Image, storage: StorageDriver) -> None:
        """See `ImageFinder`."""
        self._service().unpack(image, storage)


def find(images: Sequence[Image], ref: str) -> Image | None:
    """The image of that name, digest, id or beginning of its id. Raises `Conflict` for a beginning of several."""
    wanted = _normal(ref)
    for image in images:
        if wanted in image.references or ref == image.id:
            return image
    name, _, digest = wanted.partition("@")
    prefix = ref.removeprefix("sha256:")
    if digest:
        return next((i for i in images if digest in (i.manifest_digest, i.id) and _has_repository(i, name)), None)
    found = [i for i in images if len(prefix) >= _SHORTEST_ID and i.id[7:].startswith(prefix)]
    if len(found) > 1:
        raise Conflict(f"find the image {ref}", "several images' ids begin so")
    return found[0] if found else None


@lru_cache(maxsize=256)
def _normal(ref: str) -> str:
    """The name in its full form; what is no name (an id is, in form) stays as it is."""
    try:
        return str(parse(ref))
    except Invalid:
        return ref


def _has_repository(image: Image, name: str) -> bool:
    repository = name.rpartition(":")[0] or name
    return any(parse(reference).repository == repository for reference in image.references)
