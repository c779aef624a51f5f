"""`prune`, `container prune` and `image prune`: what is not used goes, after a question."""

from __future__ import annotations

import argparse
import sys

from tuicont.cli.context import Context
from tuicont.cli.each import SOME_FAILED
from tuicont.cli.parser import Command, VerbParser
from tuicont.cli.words import decimal_size
from tuicont.core.errors import EngineError
from tuicont.text.units import visible


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
    report = context.engine.prune(images=images)
    _list("Deleted containers:", report.containers)
    _list("Deleted images:", report.images)
    print(f"Total reclaimed space: {decimal_size(report.bytes)}")
    return 0


def _image_prune(args: argparse.Namespace, context: Context) -> int:
    engine = context.engine
    if not _confirmed(args, "every image that no container uses" if args.all else "every image without a name"):
        return SOME_FAILED
    used = {container.image_id for container in engine.containers()}
    removed: list[str] = []
    code = 0
    for image in engine.images():
        if image.id in used or (image.references and not args.all):
            continue
        try:
            removed += engine.remove_image(image.id, force=True)
        except EngineError as error:
            print(visible(str(error)), file=sys.stderr)
            code = SOME_FAILED
    _list("Deleted images:", tuple(line[:1].upper() + line[1:] for line in removed))
    return code


def _list(heading: str, names: tuple[str, ...]) -> None:
    if names:
        print("\n".join((heading, *names, "")))


COMMANDS = {
    "prune": Command(_prune, "[OPTIONS]", "tuicont prune -f\ntuicont prune --all", _all_arguments),
    "container prune": Command(_prune, "[OPTIONS]", "tuicont container prune -f", _force),
    "image prune": Command(_image_prune, "[OPTIONS]", "tuicont image prune -a", _image_arguments),
}
