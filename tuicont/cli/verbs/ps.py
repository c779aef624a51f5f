"""`ps`: the list of containers."""

from __future__ import annotations

import argparse
import time
from typing import Any

from tuicont.cli.kit.context import Context
from tuicont.cli.kit.listing import Column, add_filter, add_format, show
from tuicont.cli.kit.parser import Command, VerbParser
from tuicont.cli.kit.words import ago, decimal_size, local_time, status
from tuicont.core.engine.api import ContainerFilter
from tuicont.core.model.container import Container
from tuicont.text.units import shorten

_COLUMNS = (
    Column("CONTAINER ID", "ID"),
    Column("IMAGE", "Image"),
    Column("COMMAND", "Command"),
    Column("CREATED", "RunningFor"),
    Column("STATUS", "Status"),
    Column("NAMES", "Names"),
)
_COMMAND_WIDTH = 20


def _arguments(parser: VerbParser) -> None:
    parser.flag("-a", "--all", help="also those that do not run")
    add_filter(parser, "name, id, status, label, ancestor, exited, network")
    parser.option(
        "-n", "--last", type=int, default=-1, metavar="N", help="the last N that were created, running or not"
    )
    parser.flag("-l", "--latest", help="the last one that was created")
    parser.flag("-s", "--size", help="show what each has written")
    parser.flag("-q", "--quiet", help="print ids only")
    parser.flag("--no-trunc", help="do not shorten ids and commands")
    add_format(parser)


def _ps(args: argparse.Namespace, context: Context) -> int:
    last = 1 if args.latest else args.last
    named = any(key in ("status", "exited") for key, _ in args.filter)
    which = ContainerFilter(all=args.all or last >= 0 or named, filters=tuple(args.filter))
    containers = context.engine.containers.list(which)
    if last >= 0:
        containers = containers[:last]
    if args.quiet:
        for container in containers:
            print(container.id if args.no_trunc else container.short_id)
        return 0
    columns = (*_COLUMNS, Column("SIZE", "Size")) if args.size else _COLUMNS
    now_ns = time.time_ns()
    sized = args.size or "{{.Size}}" in args.format
    rows = [
        _row(c, now_ns, whole=args.no_trunc, size=context.engine.views.layers(c.id).upper_bytes if sized else None)
        for c in containers
    ]
    show(rows, columns, args.format)
    return 0


def _row(container: Container, now_ns: int, *, whole: bool, size: int | None) -> dict[str, Any]:
    command = " ".join(container.command)
    return {
        "ID": container.id if whole else container.short_id,
        "Names": container.name,
        "Image": container.request.image,
        "Command": '"' + (command if whole else shorten(command, _COMMAND_WIDTH)) + '"',
        "CreatedAt": local_time(container.created_ns),
        "RunningFor": ago(container.created_ns, now_ns),
        "State": container.state.value,
        "Status": status(container, now_ns),
        "Pid": container.pid,
        "ExitCode": container.exit.code if container.exit else None,
        "Runtime": container.runtime,
        "Driver": container.storage,
        "Networks": container.request.network,
        "Mounts": ",".join(mount.target for mount in container.request.mounts),
        "Labels": ",".join(f"{name}={value}" for name, value in container.request.labels),
        "Size": "" if size is None else decimal_size(size),
    }


COMMANDS = {
    "ps": Command(
        _ps,
        "[OPTIONS]",
        "tuicont ps -a\ntuicont ps -q --filter status=exited\ntuicont ps --format '{{.Names}}: {{.Status}}'",
        _arguments,
    )
}
