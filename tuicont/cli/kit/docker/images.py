"""An image in Docker's words: the fields of `images`."""

from __future__ import annotations

from typing import NamedTuple

from tuicont.cli.kit.listing import Column
from tuicont.cli.kit.words import ago, decimal_size, local_time
from tuicont.core.model.image import Image

NONE = "<none>"


class Listed(NamedTuple):
    """A row of the list: an image under one of its names, or under none; `whole` shows its id unshortened."""

    image: Image
    repository: str
    tag: str
    now_ns: int
    whole: bool


COLUMNS: tuple[Column[Listed], ...] = (
    Column("REPOSITORY", "Repository", lambda row: row.repository),
    Column("TAG", "Tag", lambda row: row.tag),
    Column("IMAGE ID", "ID", lambda row: row.image.id if row.whole else short_id(row.image)),
    Column("CREATED", "CreatedSince", lambda row: _since(row.image, row.now_ns)),
    Column("SIZE", "Size", lambda row: decimal_size(row.image.size)),
    Column("CREATED AT", "CreatedAt", lambda row: local_time(row.image.created_ns), shown=False),
    Column("LAYERS", "Layers", lambda row: len(row.image.layers), shown=False),
    Column("CONTAINERS", "Containers", lambda _: "N/A", shown=False),
    Column("SHARED SIZE", "SharedSize", lambda _: "N/A", shown=False),
    Column("UNIQUE SIZE", "UniqueSize", lambda _: "N/A", shown=False),
    Column("VIRTUAL SIZE", "VirtualSize", lambda row: decimal_size(row.image.size), shown=False),
    Column("DIGEST", "Digest", lambda row: row.image.manifest_digest or NONE, shown=False),
    Column("PLATFORM", "Platform", lambda row: f"{row.image.os}/{row.image.architecture}", shown=False),
)


def _since(image: Image, now_ns: int) -> str:
    return ago(image.created_ns, now_ns) if image.created_ns else "N/A"


def listed(image: Image, now_ns: int, *, whole: bool) -> list[Listed]:
    """A row for each name of the image, one without names when it has none."""
    names = [split_reference(name) for name in image.references] or [(NONE, NONE)]
    return [Listed(image, repository, tag, now_ns, whole) for repository, tag in names]


def short_id(image: Image) -> str:
    """The twelve digits that Docker shows."""
    return image.id.removeprefix("sha256:")[:12]


def split_reference(name: str) -> tuple[str, str]:
    """Repository and tag; a port (`localhost:5000/a`) is no tag."""
    repository, separator, tag = name.partition("@")[0].rpartition(":")
    if not separator or "/" in tag:
        return name.partition("@")[0], NONE
    return repository, tag
