"""Run every measurement in turns, so that a machine that slows down slows all of them, and print the table."""

from __future__ import annotations

import argparse
import gc
import os
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from bench import foreign, lifecycle, tui
from bench.figures import Figure, table
from bench.installed import Installation
from bench.minimal import SHOWN
from tuicont.core.engine.open import open_engine

if TYPE_CHECKING:
    from tuicont.core.engine.engine import LocalEngine

LIFE_OF_FLOOR = 1.5
PS_OF_PYTHON = 7
RUN_OF_PS = 1.5
PAINT_OF_MINIMAL = 1.5


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(prog="make bench", description="what tuicont costs")
    parser.add_argument("--quick", action="store_true", help="a third of the work, and no idle figures")
    parser.add_argument("--only", choices=("lives", "engine", "tui"), help="one part alone")
    arguments = parser.parse_args()
    if os.geteuid() != 0:
        raise SystemExit("make bench: it makes containers, which needs root")
    rounds = 4 if arguments.quick else 12
    parts = {arguments.only} if arguments.only else {"lives", "engine", "tui"}
    # Volatile state is in memory, as /run is on an ordinary host; layers and snapshots are on the disk, as the floor's.
    volatile = tempfile.TemporaryDirectory(prefix="tuicont-bench-", dir="/dev/shm")
    with tempfile.TemporaryDirectory(prefix="tuicont-bench-") as directory, volatile as run_root:
        work = Path(directory)
        rootfs = foreign.root_file_system(work / "rootfs")
        lifecycle.pack_image(rootfs, work / "image.tar")
        roots = str(work / "state"), run_root
        engine = open_engine(*roots)
        try:
            engine.images.load(str(work / "image.tar"))
            figures = in_turns(engine, work, rootfs, rounds)
            if "engine" in parts:
                figures += of_engine(engine, rounds)
            if "tui" in parts:
                options = ["--root", roots[0], "--run-root", roots[1]]
                figures += of_program(engine, Installation(work), options, rounds, idle=not arguments.quick)
        finally:
            lifecycle.remove(engine, [container.id for container in engine.containers.list()])
            engine.close()
            lifecycle.remove_cgroups(engine.cgroup_parent)
    print(table(figures))


def in_turns(engine: LocalEngine, work: Path, rootfs: Path, rounds: int) -> list[Figure]:
    """Lives of one static `true`: the floor's, the engine's, and those of other runtimes."""
    floor = foreign.Floor(work, rootfs)
    others = [foreign.Runtime(name, work, rootfs) for name in foreign.available()]
    taken: dict[str, list[float]] = {}
    lifecycle.lives(engine, 3)
    gc.collect()
    gc.freeze()  # as the TUI does once it is open
    for _ in range(rounds):
        for stage in foreign.STAGES:
            taken.setdefault(f"floor, {stage}", []).extend(floor.run(stage, 20))
        taken.setdefault("tuicont: create, start, wait, remove", []).extend(lifecycle.lives(engine, 20))
        for runtime in others:
            taken.setdefault(f"{runtime.name} run", []).extend(runtime.run(4))
    floor = Figure("", taken[f"floor, {foreign.STAGES[-1]}"])
    most = {"tuicont": LIFE_OF_FLOOR}
    return [
        Figure(name, values, base=floor, base_name="floor", most=most.get(name.partition(":")[0]))
        for name, values in taken.items()
    ]


def of_engine(engine: LocalEngine, rounds: int) -> list[Figure]:
    """Exec, many at once, and memory."""
    started, sizes = lifecycle.at_once(engine, 100)
    return [
        Figure("tuicont: exec of true", lifecycle.execs(engine, 10 * rounds), aim=3),
        Figure("tuicont: start 100 containers", [started], aim=1000),
        Figure("tuicont: memory of one shim (PSS)", sizes, unit="KiB", aim=300),
    ]


def first_in_the_list(engine: LocalEngine) -> str:
    """The name that is in sight however many there are: the list is sorted by name."""
    return min(container.name for container in engine.containers.list())


def of_program(
    engine: LocalEngine, installed: Installation, options: list[str], rounds: int, *, idle: bool
) -> list[Figure]:
    """The program as a user meets it, with 50 and then with 500 containers."""
    lifecycle.resting(engine, 50)
    first = first_in_the_list(engine)
    tuicont, environment = [*installed.program, *options], installed.environment
    figures = [
        *of_commands(installed, options, 5 * rounds),
        *of_first_paint(installed, options, first, max(5, rounds)),
    ]
    if idle:
        share = tui.idle_share(tuicont, environment, first, 10)
        figures.append(Figure("TUI: idle, 50 containers", [share], unit="%", aim=2))
    lifecycle.resting(engine, 450)
    first = first_in_the_list(engine)
    if idle:
        share = tui.idle_share(tuicont, environment, first, 10)
        figures.append(Figure("TUI: idle, 500 containers", [share], unit="%", aim=10))
    keys = tui.key_to_paint(tuicont, environment, first, 10 * rounds)
    figures.append(Figure("TUI: key to paint, 500 containers", keys, aim=50, share=0.95))
    return figures


def of_commands(installed: Installation, options: list[str], rounds: int) -> list[Figure]:
    """Processes that end by themselves, in turns; a first round, in which the demo image is made, does not count."""
    tuicont = [*installed.program, *options]
    commands = {
        "python3 -c pass": [*installed.python, "-c", "pass"],
        "tuicont ps, 50 containers": [*tuicont, "ps"],
        "tuicont run --rm demo true": [*tuicont, "run", "--rm", "demo", "true"],
    }
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(1 + rounds):
        for name, command in commands.items():
            taken[name].append(tui.duration(command, installed.environment))
    python, ps, run = (Figure(name, values[1:]) for name, values in taken.items())
    ps = replace(ps, aim=150, base=python, base_name="python3", most=PS_OF_PYTHON)
    return [python, ps, replace(run, base=ps, base_name="ps", most=RUN_OF_PS)]


def of_first_paint(installed: Installation, options: list[str], first: str, rounds: int) -> list[Figure]:
    """The smallest application of Textual's, and tuicont until the first of its list is on the screen, in turns."""
    minimal, tuicont = [], []
    for _ in range(1 + rounds):
        minimal.append(tui.first_paint(installed.minimal, installed.environment, SHOWN))
        tuicont.append(tui.first_paint([*installed.program, *options], installed.environment, first))
    least = Figure("minimal Textual application: exec to first paint", minimal[1:])
    name = "TUI: exec to first paint, 50 containers"
    return [least, Figure(name, tuicont[1:], aim=600, base=least, base_name="minimal", most=PAINT_OF_MINIMAL)]


if __name__ == "__main__":
    main()
