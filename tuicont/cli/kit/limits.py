"""The flags that limit a container, shared by `run`, `create` and `update`. Pure."""

from __future__ import annotations

import argparse

from tuicont.cli.kit.parser import VerbParser
from tuicont.core.errors import Invalid
from tuicont.core.model.limits import Limits
from tuicont.text import values


def add_arguments(parser: VerbParser) -> None:
    """`--memory` and its like."""
    parser.option("-m", "--memory", type=values.size, metavar="SIZE", help="most memory, such as 64m")
    parser.option(
        "--memory-swap", type=values.size_or_unlimited, metavar="SIZE", help="memory and swap together; -1 is no limit"
    )
    parser.option(
        "--memory-reservation", type=values.size, metavar="SIZE", help="memory it is squeezed to when the host is short"
    )
    parser.option("--cpus", type=float, metavar="N", help="processors, such as 0.5")
    parser.option("-c", "--cpu-shares", type=int, metavar="N", help="weight against others; 1024 is the default")
    parser.option("--cpu-quota", type=int, metavar="MICROSECONDS", help="processor time in each period")
    parser.option(
        "--cpu-period", type=int, metavar="MICROSECONDS", help="the period of --cpu-quota; 100000 is the default"
    )
    parser.option("--cpuset-cpus", metavar="LIST", help="processors it may run on, such as 0-1,3")
    parser.option("--cpuset-mems", metavar="LIST", help="memory nodes it may use")
    parser.option("--pids-limit", type=int, metavar="N", help="most processes and threads; -1 is no limit")


def limits(args: argparse.Namespace) -> Limits:
    """What the flags name; everything else is `None`. 0 means no limit, as Docker has it."""
    return Limits(
        memory=args.memory or None,
        memory_reservation=args.memory_reservation or None,
        memory_swap=args.memory_swap or None,
        cpus=_cpus(args) or None,
        cpu_shares=args.cpu_shares or None,
        cpuset_cpus=args.cpuset_cpus or None,
        cpuset_mems=args.cpuset_mems or None,
        pids=-1 if args.pids_limit == 0 else args.pids_limit,
    )


def _cpus(args: argparse.Namespace) -> float | None:
    if args.cpu_quota is None:
        return float(args.cpus) if args.cpus is not None else None
    if args.cpus is not None:
        raise Invalid("read the command line", "--cpus and --cpu-quota ask for the same thing", hint="keep one of them")
    period = args.cpu_period or 100_000
    return float(args.cpu_quota / period) if args.cpu_quota > 0 else None
