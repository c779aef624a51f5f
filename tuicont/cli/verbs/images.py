"""`images`: the list of images."""

from __future__ import annotations

import argparse
import fnmatch
import time
from collections.abc import Callable

from tuicont.cli.kit.context import Context
from tuicont.cli.kit.docker.images import COLUMNS, Listed, listed, short_id
from tuicont.cli.kit.filters import until_ns
from tuicont.cli.kit.listing import add_filter, add_format, show
from tuicont.cli.kit.parser import Command, VerbParser
from tuicont.core.engine.api import Engine
from tuicont.core.errors import Invalid
from tuicont.core.model.selection import has_label, selection
from tuicont.text.values import boolean

_OPERATION = "list images"


def _arguments(parser: VerbParser) -> None:
    parser.ignored("-a", "--all", why="also images between others: there are none")
    parser.flag("--digests", help="show digests")
    parser.flag("-q", "--quiet", help="print ids only")
    parser.flag("--no-trunc", help="do not shorten ids")
    add_filter(parser, "reference, dangling, label, before, since, until")
    add_format(parser)
    parser.add_argument("repository", nargs="?", metavar="REPOSITORY[:TAG]", help="only this one")


def _images(args: argparse.Namespace, context: Context) -> int:
    now_ns = time.time_ns()
    filters = [*args.filter, *([("reference", args.repository)] if args.repository else [])]
    chosen = _chosen(context.engine, filters)
    images = context.engine.images.list()
    rows = [row for image in images for row in listed(image, now_ns, whole=args.no_trunc) if chosen(row)]
    if args.quiet:
        for identity in dict.fromkeys(row.image.id if args.no_trunc else short_id(row.image) for row in rows):
            print(identity)
        return 0
    show(rows, COLUMNS, args.format, more=("Digest",) if args.digests else ())
    return 0


def _chosen(engine: Engine, filters: list[tuple[str, str]]) -> Callable[[Listed], bool]:
    """Docker's filters (docs.docker.com/reference/cli/docker/image/ls, "Filtering")."""

    def created(ref: str) -> int:
        return engine.images.get(ref).created_ns

    def before(time_ns: int) -> Callable[[Listed], bool]:
        return lambda row: row.image.created_ns < time_ns

    def since(time_ns: int) -> Callable[[Listed], bool]:
        return lambda row: row.image.created_ns > time_ns

    readers: dict[str, Callable[[str], Callable[[Listed], bool]]] = {
        "reference": lambda value: lambda row: _is_called(row, value),
        "dangling": _dangling,
        "label": lambda value: lambda row: has_label(row.image.config.labels, value),
        "before": lambda value: before(created(value)),
        "since": lambda value: since(created(value)),
        "until": lambda value: before(until_ns(_OPERATION, value)),
    }
    return selection(_OPERATION, filters, readers, every=("label", "before", "since", "until"))


def _is_called(row: Listed, pattern: str) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for name in (row.repository, f"{row.repository}:{row.tag}"))


def _dangling(value: str) -> Callable[[Listed], bool]:
    try:
        wanted = boolean(value)
    except ValueError as error:
        raise Invalid(_OPERATION, f"dangling={value}: {error}") from None
    return lambda row: (not row.image.references) == wanted


COMMANDS = {
    "images": Command(
        _images,
        "[OPTIONS] [REPOSITORY[:TAG]]",
        "tuicont images\ntuicont images --format '{{.Repository}}:{{.Tag}} {{.Size}}'",
        _arguments,
        "images",
    )
}
