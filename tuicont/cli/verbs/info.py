"""`info`: where the engine keeps what, and what it counts there."""

from __future__ import annotations

import argparse

from tuicont.cli.kit.context import Context
from tuicont.cli.kit.listing import add_line_format, formatter, print_lines, table
from tuicont.cli.kit.parser import Command
from tuicont.cli.kit.words import binary_size, decimal_size
from tuicont.core.model.probe import EngineInfo

_NONE = "none that works here (see `tuicont doctor`)"


def _info(args: argparse.Namespace, context: Context) -> int:
    import msgspec

    info = context.engine.host.info()
    if args.format:
        print(formatter(args.format)(msgspec.to_builtins(info) | {"config_file": context.config_file}))
        return 0
    print_lines(table([(f"{name}:", value) for name, value in _lines(info, context.config_file)]))
    return 0


def _lines(info: EngineInfo, config_file: str) -> list[tuple[str, str]]:
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
        ("processors", str(info.processors)),
        ("memory", binary_size(info.memory)),
        *(("note", note) for note in info.notes),
    ]


COMMANDS = {
    "info": Command(_info, "[OPTIONS]", "tuicont info\ntuicont info --format '{{.storage_driver}}'", add_line_format),
}
