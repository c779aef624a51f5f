"""`rmi`: names of images taken away, and images with their last one."""

from __future__ import annotations

import argparse

from tuicont.cli.kit.context import Context
from tuicont.cli.kit.each import each
from tuicont.cli.kit.parser import Command, VerbParser
from tuicont.cli.kit.words import sentence


def _arguments(parser: VerbParser) -> None:
    parser.flag("-f", "--force", help="remove all its names, when it is named by its id")
    parser.ignored("--no-prune", why="keep parents without a name: no image here has one")
    parser.add_argument("images", nargs="+", metavar="IMAGE", help="name or id")


def _rmi(args: argparse.Namespace, context: Context) -> int:
    return each(
        args.images,
        lambda ref: context.engine.images.remove(ref, force=args.force),
        show=lambda lines: "\n".join(map(sentence, lines)),
    )


COMMANDS = {
    "rmi": Command(_rmi, "[OPTIONS] IMAGE [IMAGE...]", "tuicont rmi alpine:3.20", _arguments, "images"),
}
