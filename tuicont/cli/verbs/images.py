"""`images`: the list of images."""

from __future__ import annotations

import argparse
import fnmatch
import time
from typing import Any

from tuicont.cli.kit.context import Context
from tuicont.cli.kit.listing import Column, add_filter, add_format, show
from tuicont.cli.kit.parser import Command, VerbParser
from tuicont.cli.kit.words import ago, decimal_size, local_time
from tuicont.core.errors import Invalid
from tuicont.core.model.image import Image

_NONE = "<none>"
_COLUMNS = (
    Column("REPOSITORY", "Repository"),
    Column("TAG", "Tag"),
    Column("IMAGE ID", "ID"),
    Column("CREATED", "CreatedSince"),
    Column("SIZE", "Size"),
)


def _arguments(parser: VerbParser) -> None:
    parser.flag("-q", "--quiet", help="print ids only")
    parser.flag("--no-trunc", help="do not shorten ids")
    add_filter(parser, "reference, dangling, label")
    add_format(parser)
    parser.add_argument("repository", nargs="?", metavar="REPOSITORY[:TAG]", help="only this one")


def _images(args: argparse.Namespace, context: Context) -> int:
    now_ns = time.time_ns()
    filters = [*args.filter, *([("reference", args.repository)] if args.repository else [])]
    rows = [
        row
        for image in context.engine.images.list()
        for row in _rows(image, now_ns, whole=args.no_trunc)
        if _matches(image, row, filters)
    ]
    if args.quiet:
        for identity in dict.fromkeys(row["ID"] for row in rows):
            print(identity)
        return 0
    show(rows, _COLUMNS, args.format)
    return 0


def _rows(image: Image, now_ns: int, *, whole: bool) -> list[dict[str, Any]]:
    """A row for each name of the image, one without names when it has none."""
    return [
        {
            "ID": image.id if whole else short_id(image),
            "Repository": repository,
            "Tag": tag,
            "CreatedAt": local_time(image.created_ns),
            "CreatedSince": ago(image.created_ns, now_ns) if image.created_ns else "N/A",
            "Size": decimal_size(image.size),
            "Layers": len(image.layers),
            "Digest": image.manifest_digest or _NONE,
            "Platform": f"{image.os}/{image.architecture}",
        }
        for repository, tag in [split_reference(name) for name in image.references] or [(_NONE, _NONE)]
    ]


def short_id(image: Image) -> str:
    """The twelve digits that Docker shows."""
    return image.id.removeprefix("sha256:")[:12]


def split_reference(name: str) -> tuple[str, str]:
    """Repository and tag; a port (`localhost:5000/a`) is no tag."""
    repository, separator, tag = name.partition("@")[0].rpartition(":")
    if not separator or "/" in tag:
        return name.partition("@")[0], _NONE
    return repository, tag


def _matches(image: Image, row: dict[str, Any], filters: list[tuple[str, str]]) -> bool:
    for key, value in filters:
        if key == "reference":
            name = f"{row['Repository']}:{row['Tag']}"
            if not (fnmatch.fnmatchcase(row["Repository"], value) or fnmatch.fnmatchcase(name, value)):
                return False
        elif key == "dangling":
            if (value.lower() == "true") != (not image.references):
                return False
        elif key == "label":
            name, separator, wanted = value.partition("=")
            if name not in image.config.labels or (separator and image.config.labels[name] != wanted):
                return False
        else:
            raise Invalid("filter images", f"there is no filter {key!r}", hint="there are: reference, dangling, label")
    return True


COMMANDS = {
    "images": Command(
        _images,
        "[OPTIONS] [REPOSITORY[:TAG]]",
        "tuicont images\ntuicont images --format '{{.Repository}}:{{.Tag}} {{.Size}}'",
        _arguments,
        "images",
    )
}
