"""`doctor`: what this kernel offers, which drivers work, and why the others do not."""

from __future__ import annotations

import argparse

from tuicont.cli.kit.context import Context
from tuicont.cli.kit.formats import formatter
from tuicont.cli.kit.listing import add_line_format, print_lines, table
from tuicont.cli.kit.parser import Command, VerbParser
from tuicont.core.model.probe import Probe


def _doctor(args: argparse.Namespace, context: Context) -> int:
    import msgspec

    probes = context.engine.host.doctor()
    if args.format:
        print_lines(map(formatter(args.format), map(msgspec.to_builtins, probes)))
        return 0
    for group in dict.fromkeys(probe.group for probe in probes):
        print(group)
        rows = [("  ✔" if p.supported else "  ✘", p.name, _told(p)) for p in probes if p.group == group]
        print_lines(table(rows))
    return 0


def _told(probe: Probe) -> str:
    if not probe.supported:
        return probe.reason
    return " · ".join(filter(None, (probe.detail, "in use" if probe.used else "")))


def _arguments(parser: VerbParser) -> None:
    add_line_format(parser, "{{.name}}: {{.reason}}")


COMMANDS = {
    "doctor": Command(_doctor, "[OPTIONS]", "tuicont doctor\ntuicont doctor --format json", _arguments),
}
