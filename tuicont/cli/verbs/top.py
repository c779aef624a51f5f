"""`top`: the processes of a container, as the host and as the container number them."""

from __future__ import annotations

import argparse

from tuicont.cli.kit.arguments import add_container
from tuicont.cli.kit.context import Context
from tuicont.cli.kit.listing import Column, add_format, show
from tuicont.cli.kit.parser import Command, VerbParser
from tuicont.cli.kit.words import NANO, binary_size, local_time

_COLUMNS = (
    Column("PID", "Pid"),
    Column("INSIDE", "InnerPid"),
    Column("PPID", "ParentPid"),
    Column("USER", "User"),
    Column("STAT", "State"),
    Column("THREADS", "Threads"),
    Column("RSS", "Rss"),
    Column("TIME", "Time"),
    Column("COMMAND", "Command"),
)


def _arguments(parser: VerbParser) -> None:
    add_format(parser)
    add_container(parser)


def _top(args: argparse.Namespace, context: Context) -> int:
    rows = [
        {
            "Pid": process.pid,
            "InnerPid": process.inner_pid,
            "ParentPid": process.parent_pid,
            "User": process.user,
            "State": process.state,
            "Threads": process.threads,
            "Rss": binary_size(process.rss),
            "Time": f"{process.cpu_ns / NANO:.2f}s",
            "StartedAt": local_time(process.started_ns),
            "Command": process.command,
        }
        for process in context.engine.views.processes(args.container)
    ]
    show(rows, _COLUMNS, args.format)
    return 0


COMMANDS = {"top": Command(_top, "[OPTIONS] CONTAINER", "tuicont top web", _arguments, "running")}
