"""`info`, `doctor` and `version`: about the engine and the host, not about a container."""

from __future__ import annotations

import argparse
import os
import sys

from tuicont import __version__
from tuicont.cli.context import Context
from tuicont.cli.listing import formatter, print_lines, table
from tuicont.cli.parser import Command, VerbParser
from tuicont.cli.words import binary_size, decimal_size
from tuicont.core.model.probe import EngineInfo


def _format(parser: VerbParser) -> None:
    parser.option("--format", default="", metavar="FORMAT", help="json, or a template such as '{{.root}}'")


def _version_arguments(parser: VerbParser) -> None:
    parser.flag("--short", help="one line only")
    _format(parser)


def _info(args: argparse.Namespace, context: Context) -> int:
    import msgspec

    info = context.engine.host.info()
    if args.format:
        print(formatter(args.format)(msgspec.to_builtins(info)))
        return 0
    rows = [(f"{name}:", value) for name, value in _info_lines(info)]
    print_lines(table(rows))
    return 0


def _info_lines(info: EngineInfo) -> list[tuple[str, str]]:
    counted = ", ".join(f"{count} {state}" for state, count in info.containers.items() if count) or "none"
    return [
        ("version", info.version),
        ("containers", counted),
        ("images", f"{info.images} ({info.layers} layers)"),
        ("storage", f"{info.storage_driver}, {decimal_size(info.storage_bytes)} used"),
        ("cgroups", f"{info.cgroup_driver}, below {info.cgroup_parent}/"),
        ("runtime", info.runtime),
        ("root", info.root),
        ("run root", info.run_root),
        ("configuration", info.config_file or "built in"),
        ("kernel", info.kernel),
        ("processors", str(info.processors)),
        ("memory", binary_size(info.memory)),
        *(("note", note) for note in info.notes),
    ]


def _doctor(args: argparse.Namespace, context: Context) -> int:
    import msgspec

    probes = context.engine.host.doctor()
    if args.format:
        print_lines(map(formatter(args.format), map(msgspec.to_builtins, probes)))
        return 0
    for group in dict.fromkeys(probe.group for probe in probes):
        print(group)
        rows = [
            ("  ✔" if p.supported else "  ✘", p.name, p.reason if not p.supported else p.detail)
            for p in probes
            if p.group == group
        ]
        print_lines(table(rows))
    return 0


def _version(args: argparse.Namespace, context: Context) -> int:
    if args.short:
        print(f"tuicont version {__version__}")
        return 0
    host = os.uname()
    facts = {
        "version": __version__,
        "python": sys.version.split()[0],
        "kernel": host.release,
        "architecture": host.machine,
        "oci_runtime_spec": "1.2",
    }
    if args.format:
        print(formatter(args.format)(facts))
    else:
        print_lines(table([(f"{name.replace('_', ' ')}:", value) for name, value in facts.items()]))
    return 0


COMMANDS = {
    "info": Command(_info, "[OPTIONS]", "tuicont info\ntuicont info --format '{{.storage_driver}}'", _format),
    "doctor": Command(_doctor, "[OPTIONS]", "tuicont doctor\ntuicont doctor --format json", _format),
    "version": Command(_version, "[OPTIONS]", "tuicont version", _version_arguments),
}
