"""`logs`: what a container wrote, each stream to its own."""

from __future__ import annotations

import argparse
import sys

from tuicont.cli.kit.arguments import add_container, add_interval
from tuicont.cli.kit.context import Context
from tuicont.cli.kit.parser import Command, VerbParser
from tuicont.core.model.container import LogQuery
from tuicont.text.units import timestamp
from tuicont.text.values import whole


def _arguments(parser: VerbParser) -> None:
    parser.flag("-f", "--follow", help="go on with new lines until the container ends")
    parser.option("-n", "--tail", type=_tail, metavar="N", help="only the last N lines (all)")
    parser.flag("-t", "--timestamps", help="begin each line with its time")
    parser.ignored("--details", why="what the log's driver adds to each line: nothing")
    add_interval(parser)
    add_container(parser)


def _tail(text: str) -> int | None:
    if text == "all" or text.startswith("-"):
        return None
    return whole(text)


def _logs(args: argparse.Namespace, context: Context) -> int:
    query = LogQuery(follow=args.follow, tail=args.tail, since_ns=args.since, until_ns=args.until)
    streams = {"stdout": sys.stdout.buffer, "stderr": sys.stderr.buffer}
    written = streams["stdout"]
    begun = frozenset[str]()  # the streams whose last piece did not end its line
    for line in context.engine.views.logs(args.container, query):
        stream = streams[line.stream]
        if stream is not written:
            # On one terminal the two must stay in the order in which they were written.
            written.flush()
            written = stream
        prefix = f"{timestamp(line.time_ns)} " if args.timestamps and line.stream not in begun else ""
        end = "\n" if line.complete else ""
        stream.write(f"{prefix}{line.text}{end}".encode("utf-8", "surrogateescape"))
        begun = begun - {line.stream} if line.complete else begun | {line.stream}
        if args.follow:
            stream.flush()
    return 0


COMMANDS = {
    "logs": Command(
        _logs,
        "[OPTIONS] CONTAINER",
        "tuicont logs -f --tail 20 web\ntuicont logs -t --since 10m web",
        _arguments,
        "containers",
    )
}
