"""`prune`, `container prune` and `image prune`: what is not used goes, after a question."""

from __future__ import annotations

import argparse
import sys

from tuicont.cli.kit.context import Context
from tuicont.cli.kit.failure import SOME_FAILED
from tuicont.cli.kit.filters import PRUNING, prune_filter
from tuicont.cli.kit.listing import add_filter
from tuicont.cli.kit.parser import Command, VerbParser
from tuicont.cli.kit.words import decimal_size, sentence
from tuicont.core.engine.api import Images
from tuicont.core.errors import Invalid
from tuicont.core.model.selection import PruneFilter
from tuicont.text.values import boolean


def _force(parser: VerbParser) -> None:
    parser.flag("-f", "--force", help="do not ask")
    add_filter(parser, PRUNING, short=False)


def _image_arguments(parser: VerbParser) -> None:
    parser.flag("-a", "--all", help="also images that have a name")
    _force(parser)


def _all_arguments(parser: VerbParser) -> None:
    parser.flag("-a", "--all", help="also images that no container uses")
    _force(parser)


def _confirmed(args: argparse.Namespace, what: str) -> bool:
    if args.force:
        return True
    print(f"This removes {what}. Go on? [y/N] ", end="", flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _prune(args: argparse.Namespace, context: Context) -> int:
    images = bool(getattr(args, "all", False))
    what = "every container that does not run" + (" and every image that none uses" if images else "")
    which = prune_filter("prune", args.filter)
    if not _confirmed(args, what):
        return SOME_FAILED
    engine = context.engine
    containers = engine.containers.prune(which)
    _list("Deleted containers:", containers.containers)
    freed = containers.bytes
    if images:
        freed += _prune_images(engine.images, which, unnamed_only=False)
    print(f"Total reclaimed space: {decimal_size(freed)}")
    return 0


def _image_prune(args: argparse.Namespace, context: Context) -> int:
    dangling, filters = _dangling(args.filter)
    unnamed_only = not args.all if dangling is None else dangling
    which = prune_filter("prune images", filters)
    if not _confirmed(args, "every image that no container uses" if not unnamed_only else "every image without a name"):
        return SOME_FAILED
    freed = _prune_images(context.engine.images, which, unnamed_only=unnamed_only)
    print(f"Total reclaimed space: {decimal_size(freed)}")
    return 0


def _dangling(filters: list[tuple[str, str]]) -> tuple[bool | None, list[tuple[str, str]]]:
    """What `dangling=` says, another way to write `--all`, if it is there; and the other filters."""
    texts = [value for key, value in filters if key == "dangling"]
    try:
        said = [boolean(text) for text in texts]
    except ValueError as error:
        raise Invalid("prune images", f"dangling: {error}") from None
    return said[-1] if said else None, [pair for pair in filters if pair[0] != "dangling"]


def _prune_images(images: Images, which: PruneFilter, *, unnamed_only: bool) -> int:
    """Remove them and say which; the bytes that this freed."""
    report = images.prune(which, unnamed_only=unnamed_only)
    _list("Deleted images:", tuple(map(sentence, report.lines)))
    return report.bytes


def _list(heading: str, names: tuple[str, ...]) -> None:
    if names:
        print("\n".join((heading, *names, "")))


COMMANDS = {
    "prune": Command(_prune, "[OPTIONS]", "tuicont prune -f\ntuicont prune --all", _all_arguments),
    "container prune": Command(_prune, "[OPTIONS]", "tuicont container prune -f", _force),
    "image prune": Command(_image_prune, "[OPTIONS]", "tuicont image prune -a", _image_arguments),
}
