"""`ps`: the list of containers."""

from __future__ import annotations

import argparse
import time

from tuicont.cli.kit.context import Context
from tuicont.cli.kit.docker.containers import COLUMNS, Listed
from tuicont.cli.kit.listing import add_filter, add_format, asks_for, show
from tuicont.cli.kit.parser import Command, VerbParser
from tuicont.core.engine.api import ContainerFilter
from tuicont.core.model.container import Container


def _arguments(parser: VerbParser) -> None:
    parser.flag("-a", "--all", help="also those that do not run")
    add_filter(parser, "name, id, status, label, ancestor, exited, network, volume, before, since, health, publish")
    parser.option(
        "-n", "--last", type=_number, default=-1, metavar="N", help="the last N that were created, running or not"
    )
    parser.flag("-l", "--latest", help="the last one that was created")
    parser.flag("-s", "--size", help="show what each has written")
    parser.flag("-q", "--quiet", help="print ids only")
    parser.flag("--no-trunc", help="do not shorten ids and commands")
    add_format(parser)


def _number(text: str) -> int:
    from tuicont.text.values import whole  # here, as it is rarely given

    return whole(text)


def _ps(args: argparse.Namespace, context: Context) -> int:
    last = 1 if args.latest else args.last
    which = ContainerFilter(all=args.all or last >= 0, filters=tuple(args.filter))
    containers = context.engine.containers.list(which)
    if last >= 0:
        containers = containers[:last]
    if args.quiet:
        for container in containers:
            print(container.id if args.no_trunc else container.short_id)
        return 0
    now_ns = time.time_ns()
    sized = args.size or asks_for(args.format, "Size")
    images = {image.id: image.size for image in context.engine.images.list()} if sized else {}

    def size(container: Container) -> tuple[int, int]:
        return context.engine.containers.loss(container.id).bytes, images.get(container.image_id, 0)

    rows = (Listed(c, now_ns, args.no_trunc, size(c) if sized else None) for c in containers)
    show(rows, COLUMNS, args.format, more=("Size",) if args.size else ())
    return 0


COMMANDS = {
    "ps": Command(
        _ps,
        "[OPTIONS]",
        "tuicont ps -a\ntuicont ps -q --filter status=exited\ntuicont ps --format '{{.Names}}: {{.Status}}'",
        _arguments,
    )
}
