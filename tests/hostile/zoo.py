"""The hostile programs of zoo.c: what each does, and which options its container has.

Knows nothing of what is asked of the engine meanwhile (tests/stress/test_zoo.py).
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import NamedTuple

from tests.support import require

LIMITS = ("--cpus", "1", "-m", "128m", "--pids-limit", "64")
"""What the machine is spared, and nothing that is under attack."""


class Animal(NamedTuple):
    """`name` is its argument in zoo.c."""

    name: str
    does: str
    options: tuple[str, ...] = ()


ANIMALS = (
    Animal("stopper", "stops every process that it can, those that are being born too"),
    Animal("renamer", "has names and command lines that look like something else"),
    Animal("forker", "forks as long as it may, and leaves zombies"),
    Animal("filler", "fills its memory and /dev/shm again and again"),
    Animal("device-maker", "makes devices of every number, of /dev/null and /etc/passwd too"),
    Animal("symlink-racer", "lets directories and links change places"),
    Animal("tracer", "seizes and stops its siblings by ptrace"),
    Animal("blocker", "blocks and ignores every signal"),
    Animal("tty-holder", "holds, stops and fills every terminal", ("-t",)),
    Animal("closer", "closes its stdio and goes on"),
    Animal("flooder", "writes without an end, and without a line's end"),
    Animal("scribbler", "writes to every file of /proc and /sys that it can open"),
    Animal("mounter", "mounts over everything", ("--cap-add", "SYS_ADMIN")),
    Animal("digger", "makes directories too deep for a path, and names of every byte"),
)


def zoo(directory: Path) -> Path:
    """The program, compiled into `directory`."""
    program = directory / "zoo"
    source = Path(__file__).with_name("zoo.c")
    subprocess.run([require("cc"), "-static", "-O1", "-w", "-o", str(program), str(source)], check=True)
    return program
