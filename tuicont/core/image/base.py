"""What the image service needs of others, and what it is given: records of images, and images on their way in.

Pure protocols and values.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import BinaryIO, Protocol

import msgspec

from tuicont.core.image.compression import RATIO
from tuicont.core.image.manifest import LAYER
from tuicont.core.model.event import Topic
from tuicont.core.model.image import Image
from tuicont.core.storage.base import StorageDriver

Progress = Callable[[str, int, int], None]
"""(what is being done, bytes done, bytes in all or 0)"""

Note = Callable[[str], None]
"""(what somebody who loads an image should know: a line)"""


def quiet(*_: object) -> None:
    """Tells nobody."""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """Who is told of a load, and what they allow: `ratio` is how many times as large compressed data may become beyond
    the first GiB, 0 for any."""

    progress: Progress = quiet
    note: Note = quiet
    ratio: int = RATIO


class ImageChanges(Protocol):
    """What one transaction can do to the records."""

    def put_image(self, image: Image) -> None:
        """Write an image's record and give it its names, taken from whichever image had them."""

    def delete_image_name(self, name: str) -> None:
        """Untag."""

    def delete_image(self, image_id: str) -> None:
        """Forget an image and its names."""

    def event(self, topic: Topic, subject: str, name: str) -> None:
        """Append an event."""


class ImageRecords(Protocol):
    """The metadata of all images."""

    def images(self) -> tuple[Image, ...]:
        """Every image with its names, newest first."""

    def transaction(self) -> AbstractContextManager[ImageChanges]:
        """Change records, all or nothing."""


class ImageFinder(Protocol):
    """Images as the makers of containers need them."""

    def get(self, ref: str) -> Image:
        """The image of that name or id. Raises `NotFound`."""

    def unpack(self, image: Image, storage: StorageDriver) -> None:
        """See to it that `storage` has the image's layers. Raises what unpacking them raises."""


class IncomingLayer(msgspec.Struct, frozen=True, kw_only=True):
    """A layer's blob, wherever it comes from. `digest` and `size` are checked when they are known."""

    open: Callable[[], BinaryIO]
    digest: str = ""
    size: int = -1
    media_type: str = LAYER


class IncomingImage(msgspec.Struct, frozen=True, kw_only=True):
    """An image that is to be stored: its names, its documents as they were found, its layers bottom first. Without a
    `manifest` (Docker's archives have none) one is written."""

    names: tuple[str, ...]
    config: bytes
    layers: tuple[IncomingLayer, ...]
    manifest: bytes = b""


class ImageSource(Protocol):
    """Images that can be made when somebody asks for them."""

    @property
    def names(self) -> tuple[str, ...]:
        """What can be asked for."""

    def build(self) -> tuple[IncomingImage, ...]:
        """Make them all. Raises `EngineError`."""
