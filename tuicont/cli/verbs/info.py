"""`info`: where the engine keeps what, and what it counts there."""

from __future__ import annotations

import argparse

from tuicont.cli.kit.context import Context
from tuicont.cli.kit.docker.engine import info as docker_info
from tuicont.cli.kit.formats import formatter
from tuicont.cli.kit.listing import add_line_format, print_lines, table
from tuicont.cli.kit.parser import Command
from tuicont.cli.kit.words import binary_size, decimal_size, local_time
from tuicont.core.model.host import HostUsage
from tuicont.core.model.probe import EngineInfo

_NONE = "none that works here (see `tuicont doctor`)"


def _info(args: argparse.Namespace, context: Context) -> int:
    import msgspec

    info, usage = context.engine.host.info(), context.engine.host.usage()
    if args.format:
        more = {"usage": msgspec.to_builtins(usage), "config_file": context.config_file}
        print(formatter(args.format)(docker_info(info) | msgspec.to_builtins(info) | more))
        return 0
    print_lines(table([(f"{name}:", value) for name, value in _lines(info, usage, context.config_file)]))
    return 0


def _lines(info: EngineInfo, usage: HostUsage, config_file: str) -> list[tuple[str, str]]:
    counted = ", ".join(f"{count} {state}" for state, count in info.containers.items() if count) or "none"
    return [
        ("version", info.version),
        ("containers", counted),
        ("images", f"{info.images} ({info.layers} layers)"),
        ("storage", f"{info.storage_driver or _NONE}, {decimal_size(info.storage_bytes)} used"),
        ("cgroups", f"{info.cgroup_driver}, below {info.cgroup_parent}/"),
        ("runtime", info.runtime or _NONE),
        ("root", info.root),
        ("run root", info.run_root),
        ("configuration", config_file or "built in"),
        ("kernel", info.kernel),
        ("processors", f"{info.processors}, load {usage.load[0]:.2f} {usage.load[1]:.2f} {usage.load[2]:.2f}"),
        ("memory", f"{binary_size(usage.memory)}, {binary_size(usage.memory_available)} available"),
        ("swap", f"{binary_size(usage.swap)}, {binary_size(usage.swap_free)} free" if usage.swap else "none"),
        ("disk", f"{decimal_size(usage.disk)} below the root, {decimal_size(usage.disk_free)} free"),
        ("up since", local_time(usage.booted_ns)),
        *(("note", note) for note in info.notes),
    ]


COMMANDS = {
    "info": Command(_info, "[OPTIONS]", "tuicont info\ntuicont info --format '{{.Driver}}'", add_line_format),
}
