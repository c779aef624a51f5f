"""What others cost: the floor (floor.c), `crun run` and `runc run` of the same static program.

`python -m bench.foreign COUNT DIR PROGRAM…` runs PROGRAM… COUNT times with DIR as bundle and prints the
microseconds of each; it is its own process so that crun can have its own mount namespace.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).parent
STAGES = ("exec", "ns", "net", "full")
RUNTIMES = ("crun", "runc")


def compile_static(source: Path, target: Path) -> None:
    """`cc` with the options of the floor: what is measured must not depend on the host's libraries."""
    subprocess.run(["cc", "-O2", "-static", "-o", target, source], check=True)


def root_file_system(directory: Path) -> Path:
    """A root file system with /bin/true and /bin/rest, and the places for mounts that images have."""
    for name in ("bin", "dev", "etc", "proc", "sys", "tmp"):
        (directory / name).mkdir(parents=True)
    for name in ("hostname", "hosts", "resolv.conf"):
        (directory / "etc" / name).touch()
    compile_static(HERE / "workload.c", directory / "bin/true")
    shutil.copy(directory / "bin/true", directory / "bin/rest")
    return directory


class Floor:
    """The compiled floor on one root file system."""

    def __init__(self, work: Path, rootfs: Path) -> None:
        self._program = work / "floor"
        self._rootfs = rootfs
        compile_static(HERE / "floor.c", self._program)

    def run(self, stage: str, count: int) -> list[float]:
        """Milliseconds of `count` lives."""
        return _milliseconds([str(self._program), stage, str(count), str(self._rootfs)])


class Runtime:
    """crun or runc with the bundle that its own `spec` writes, changed to run /bin/true without a terminal."""

    def __init__(self, name: str, work: Path, rootfs: Path) -> None:
        self.name = name
        self._bundle = work / name
        self._bundle.mkdir()
        subprocess.run([name, "spec"], cwd=self._bundle, check=True)
        config = self._bundle / "config.json"
        spec = json.loads(config.read_text())
        spec["process"].update(args=["/bin/true"], terminal=False)
        spec["root"] = {"path": str(rootfs), "readonly": True}
        config.write_text(json.dumps(spec))

    def run(self, count: int) -> list[float]:
        """Milliseconds of `count` times `run`. crun refuses hybrid cgroups, so on such a host it gets a
        mount namespace of its own in which the empty cgroup2 hierarchy is not mounted."""
        command = [sys.executable, "-m", "bench.foreign", str(count), str(self._bundle), self.name, "run"]
        if self.name == "crun" and os.path.ismount("/sys/fs/cgroup/unified"):
            hidden = 'umount /sys/fs/cgroup/unified && exec "$0" "$@"'
            command = ["unshare", "--mount", "sh", "-c", hidden, *command]
        return _milliseconds(command)


def available() -> list[str]:
    """Which of the runtimes this host has."""
    return [name for name in RUNTIMES if shutil.which(name)]


def _milliseconds(command: Sequence[str]) -> list[float]:
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=HERE.parent)
    return [float(line) / 1000 for line in done.stdout.split()]


def main() -> None:
    """Time one program's runs."""
    count, bundle, *command = sys.argv[1:]
    program = shutil.which(command[0])
    if program is None:
        raise SystemExit(f"{command[0]} is not here")
    os.chdir(bundle)
    for number in range(int(count)):
        begun = time.perf_counter_ns()
        pid = os.posix_spawn(program, [*command, f"bench-{os.getpid()}-{number}"], os.environ)
        _, status = os.waitpid(pid, 0)
        if status != 0:
            raise SystemExit(f"{command[0]} ended with status {status:#x}")
        print((time.perf_counter_ns() - begun) / 1000)


if __name__ == "__main__":
    main()
