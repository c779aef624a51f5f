"""`images`: the list of images."""

from __future__ import annotations

import argparse
import fnmatch
import time

from tuicont.cli.kit.context import Context
from tuicont.cli.kit.docker.images import COLUMNS, Listed, listed, short_id
from tuicont.cli.kit.listing import add_filter, add_format, show
from tuicont.cli.kit.parser import Command, VerbParser
from tuicont.core.errors import Invalid
from tuicont.text.values import boolean


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
        for row in listed(image, now_ns, whole=args.no_trunc)
        if _matches(row, filters)
    ]
    if args.quiet:
        for identity in dict.fromkeys(row.image.id if args.no_trunc else short_id(row.image) for row in rows):
            print(identity)
        return 0
    show(rows, COLUMNS, args.format)
    return 0


def _matches(row: Listed, filters: list[tuple[str, str]]) -> bool:
    image = row.image
    for key, value in filters:
        if key == "reference":
            name = f"{row.repository}:{row.tag}"
            if not (fnmatch.fnmatchcase(row.repository, value) or fnmatch.fnmatchcase(name, value)):
                return False
        elif key == "dangling":
            if _boolean(value) != (not image.references):
                return False
        elif key == "label":
            name, separator, wanted = value.partition("=")
            if name not in image.config.labels or (separator and image.config.labels[name] != wanted):
                return False
        else:
            raise Invalid("filter images", f"there is no filter {key!r}", hint="there are: reference, dangling, label")
    return True


def _boolean(value: str) -> bool:
    try:
        return boolean(value)
    except ValueError as error:
        raise Invalid("filter images", f"dangling={value}: {error}") from None


COMMANDS = {
    "images": Command(
        _images,
        "[OPTIONS] [REPOSITORY[:TAG]]",
        "tuicont images\ntuicont images --format '{{.Repository}}:{{.Tag}} {{.Size}}'",
        _arguments,
        "images",
    )
}
