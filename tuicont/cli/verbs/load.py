"""`load`: images from a Docker archive or an OCI layout."""

from __future__ import annotations

import argparse
import sys

from tuicont.cli.kit.context import Context
from tuicont.cli.kit.failure import say
from tuicont.cli.kit.parser import Command, VerbParser
from tuicont.cli.kit.words import decimal_size
from tuicont.core.engine.api import RATIO
from tuicont.core.errors import Invalid
from tuicont.text.units import plain


def _arguments(parser: VerbParser) -> None:
    parser.option("-i", "--input", default="-", metavar="FILE", help="the archive or directory (standard input)")
    parser.flag("-q", "--quiet", help="print the names only")
    parser.option(
        "--ratio",
        type=_ratio,
        default=RATIO,
        metavar="TIMES",
        help="how large compressed data may become beyond 1 GiB (200 times; 0: any)",
    )


def _ratio(text: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of times")
    return int(text)


def _load(args: argparse.Namespace, context: Context) -> int:
    if args.input == "-" and sys.stdin.isatty():
        raise Invalid("load an image", "standard input is a terminal", hint="name the archive: tuicont load -i FILE")
    progress = None if args.quiet or not sys.stderr.isatty() else _progress
    notes: list[str] = []
    images = context.engine.images.load(args.input, progress, notes.append, ratio=args.ratio)
    if progress:
        print("\r\x1b[K", end="", file=sys.stderr)
    for note in notes:
        say(plain(note))
    for image in images:
        for name in image.references:
            print(f"Loaded image: {name}")
        if not image.references:
            print(f"Loaded image ID: {image.id}")
    return 0


def _progress(what: str, done: int, total: int) -> None:
    part = f"{decimal_size(done)} of {decimal_size(total)}" if total else decimal_size(done)
    print(f"\r\x1b[K{what} {part}", end="", file=sys.stderr, flush=True)


COMMANDS = {
    "load": Command(
        _load, "[OPTIONS]", "tuicont load -i alpine.tar.xz\ndocker save alpine | tuicont load", _arguments, "files"
    )
}
