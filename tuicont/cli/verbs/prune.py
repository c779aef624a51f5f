"""`prune`, `container prune` and `image prune`: what is not used goes, after a question."""

from __future__ import annotations

import argparse
import sys

from tuicont.cli.kit.context import Context
from tuicont.cli.kit.failure import SOME_FAILED
from tuicont.cli.kit.parser import Command, VerbParser
from tuicont.cli.kit.words import decimal_size, sentence
from tuicont.core.engine.api import Images


def _force(parser: VerbParser) -> None:
    parser.flag("-f", "--force", help="do not ask")


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
    if not _confirmed(args, what):
        return SOME_FAILED
    engine = context.engine
    containers = engine.containers.prune()
    _list("Deleted containers:", containers.containers)
    freed = containers.bytes
    if images:
        freed += _prune_images(engine.images, unnamed_only=False)
    print(f"Total reclaimed space: {decimal_size(freed)}")
    return 0


def _image_prune(args: argparse.Namespace, context: Context) -> int:
    if not _confirmed(args, "every image that no container uses" if args.all else "every image without a name"):
        return SOME_FAILED
    freed = _prune_images(context.engine.images, unnamed_only=not args.all)
    print(f"Total reclaimed space: {decimal_size(freed)}")
    return 0


def _prune_images(images: Images, *, unnamed_only: bool) -> int:
    """Remove them and say which; the bytes that this freed."""
    report = images.prune(unnamed_only=unnamed_only)
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
