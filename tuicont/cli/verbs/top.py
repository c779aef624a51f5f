"""`top`: the processes of a container, as the host and as the container number them."""

from __future__ import annotations

import argparse

from tuicont.cli.kit.arguments import add_container
from tuicont.cli.kit.context import Context
from tuicont.cli.kit.listing import Column, add_format, show
from tuicont.cli.kit.parser import Command, VerbParser
from tuicont.cli.kit.words import NANO, binary_size, local_time
from tuicont.core.model.container import Process

_COLUMNS: tuple[Column[Process], ...] = (
    Column("PID", "Pid", lambda process: process.pid),
    Column("INSIDE", "InnerPid", lambda process: process.inner_pid),
    Column("PPID", "ParentPid", lambda process: process.parent_pid),
    Column("USER", "User", lambda process: process.user),
    Column("STAT", "State", lambda process: process.state),
    Column("THREADS", "Threads", lambda process: process.threads),
    Column("RSS", "Rss", lambda process: binary_size(process.rss)),
    Column("TIME", "Time", lambda process: f"{process.cpu_ns / NANO:.2f}s"),
    Column("COMMAND", "Command", lambda process: process.command),
    Column("STARTED AT", "StartedAt", lambda process: local_time(process.started_ns), shown=False),
)


def _arguments(parser: VerbParser) -> None:
    add_format(parser)
    add_container(parser)


def _top(args: argparse.Namespace, context: Context) -> int:
    show(context.engine.views.processes(args.container), _COLUMNS, args.format)
    return 0


COMMANDS = {"top": Command(_top, "[OPTIONS] CONTAINER", "tuicont top web", _arguments, "running")}
