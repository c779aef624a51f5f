"""Run every measurement in turns, so that a machine that slows down slows all of them, and print the table."""

from __future__ import annotations

import argparse
import gc
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from bench import foreign, lifecycle, tui
from bench.figures import Figure, table
from tuicont.core.engine.open import open_engine

if TYPE_CHECKING:
    from tuicont.core.engine.engine import LocalEngine

AIM_OF_FLOOR = 1.5


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
            floor = next(figure.value for figure in figures if figure.name.startswith("floor, full"))
            if "engine" in parts:
                figures += of_engine(engine, rounds)
            if "tui" in parts:
                options = ["--root", roots[0], "--run-root", roots[1]]
                figures += of_program(engine, options, rounds, idle=not arguments.quick)
        finally:
            lifecycle.remove(engine, [container.id for container in engine.containers.list()])
            engine.close()
            lifecycle.remove_cgroups(engine.cgroup_parent)
    print(table(figures, floor))


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
    figures = [Figure(name, values, life=True) for name, values in taken.items()]
    aim = AIM_OF_FLOOR * figures[len(foreign.STAGES) - 1].value
    return [Figure(f.name, f.values, life=True, aim=aim if f.name.startswith("tuicont") else None) for f in figures]


def of_engine(engine: LocalEngine, rounds: int) -> list[Figure]:
    """Exec, many at once, and memory."""
    started, sizes = lifecycle.at_once(engine, 100)
    return [
        Figure("tuicont: exec of true", lifecycle.execs(engine, 10 * rounds), aim=3),
        Figure("tuicont: start 100 containers", [started], aim=1000),
        Figure("tuicont: memory of one shim (PSS)", sizes, unit="KiB", aim=300),
    ]


def of_program(engine: LocalEngine, options: list[str], rounds: int, *, idle: bool) -> list[Figure]:
    """The program as a user meets it, with 50 and then with 500 containers."""
    lifecycle.resting(engine, 50)
    newest = engine.containers.list()[0].name
    figures = [
        Figure("tuicont ps, 50 containers", tui.ps(options, rounds), aim=150),
        Figure(
            "TUI: exec to first paint, 50 containers", [tui.first_paint(options, newest) for _ in range(5)], aim=600
        ),
    ]
    if idle:
        figures.append(Figure("TUI: idle, 50 containers", [tui.idle_share(options, newest, 10)], unit="%", aim=2))
    lifecycle.resting(engine, 450)
    newest = engine.containers.list()[0].name
    if idle:
        figures.append(Figure("TUI: idle, 500 containers", [tui.idle_share(options, newest, 10)], unit="%", aim=10))
    keys = tui.key_to_paint(options, newest, 10 * rounds)
    figures.append(Figure("TUI: key to paint, 500 containers", keys, aim=50, share=0.95))
    return figures


if __name__ == "__main__":
    main()
