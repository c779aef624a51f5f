"""`doctor`: what this kernel offers, which drivers work, and why the others do not."""

from __future__ import annotations

import argparse

from tuicont.cli.kit.context import Context
from tuicont.cli.kit.listing import add_line_format, formatter, print_lines, table
from tuicont.cli.kit.parser import Command


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


COMMANDS = {
    "doctor": Command(_doctor, "[OPTIONS]", "tuicont doctor\ntuicont doctor --format json", add_line_format),
}
