"""What the cgroup suites share: the drivers that this host can have, processes in a group, and the kernel's own
files read past the driver."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator

import msgspec

from tuicont.core.cgroup.base import Cgroup, CgroupDriver
from tuicont.core.cgroup.detect import Layout, choose, read_layout
from tuicont.core.sys.kernel import Kernel, RealKernel

LAYOUT = read_layout(RealKernel())
PARENT = f"tuicont-test-{os.getpid()}"
MIB = 1 << 20


def layouts() -> dict[str, Layout]:
    """Each mode that this host's hierarchies allow: a hybrid host can be used as a v1 one."""
    found = {LAYOUT.mode: LAYOUT} if LAYOUT.mode != "none" else {}
    if LAYOUT.mode == "hybrid":
        found["v1"] = msgspec.structs.replace(LAYOUT, unified="")
    return found


class Host:
    """A driver on a parent of the test's own, and the plain files beside it."""

    def __init__(self, layout: Layout, kernel: Kernel | None = None) -> None:
        self.layout = layout
        self.v2_limits = layout.mode == "unified"
        self.driver: CgroupDriver = choose(kernel or RealKernel(), layout, PARENT)
        self._processes: list[subprocess.Popen[bytes]] = []

    def mounts(self) -> list[str]:
        """Every hierarchy that a group is made in."""
        # Beside a v2 hierarchy, which freezes, the v1 freezer is left alone.
        found = [mount for controller, mount in self.layout.v1 if controller != "freezer" or not self.layout.unified]
        if self.layout.unified:
            found.append(self.layout.unified)
        return list(dict.fromkeys(found))

    def directory(self, controller: str, group: str = "") -> str:
        mount = self.layout.unified if self.v2_limits else dict(self.layout.v1)[controller]
        return f"{mount}/{PARENT}/{group}".rstrip("/")

    def read(self, controller: str, file: str, group: str = "web") -> str:
        """A kernel file of the group, as text."""
        with open(f"{self.directory(controller, group)}/{file}") as opened:
            return opened.read().strip()

    def pids(self, group: str = "web") -> set[int]:
        """Who is in the group, by the kernel."""
        return {int(pid) for pid in self.read("pids", "cgroup.procs", group).split()}

    def run(self, cgroup: Cgroup, script: str) -> subprocess.Popen[bytes]:
        """A shell that enters the group and then runs `script`; its output is a pipe."""
        files = [f"{directory}/tasks" for directory in cgroup.placement.enter]
        if cgroup.placement.clone_into:
            files.append(f"{cgroup.placement.clone_into}/cgroup.procs")
        entering = "".join(f"echo 0 > {file} && " for file in files)
        process = subprocess.Popen(
            ["sh", "-c", f"{entering} : || exit 99\n{script}"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self._processes.append(process)
        return process

    def started(self, cgroup: Cgroup, script: str) -> subprocess.Popen[bytes]:
        """`run` of a script whose first line of output says that it is under way."""
        process = self.run(cgroup, script)
        assert process.stdout is not None
        assert process.stdout.readline(), f"{script!r} ended with {process.wait()}"
        return process

    def clean_up(self, parent: str = PARENT) -> None:
        """End the processes and remove every directory of the test, with plain calls."""
        for process in self._processes:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        named = [mount for _, mount in self.layout.named]
        for mount in [*self.mounts(), *named]:
            _remove_tree(f"{mount}/{parent}")
        for process in self._processes:
            process.wait(60)
            if process.stdout is not None:
                process.stdout.close()


def eventually(condition: Callable[[], object], seconds: float = 60) -> bool:
    """Whether the condition becomes true in time; what the kernel gives no notice of is asked for."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.002)
    return True


def _directories(path: str) -> Iterator[str]:
    for root, _, _ in os.walk(path, topdown=False):
        yield root


def _remove_tree(path: str) -> None:
    for directory in _directories(path):
        with contextlib.suppress(OSError), open(f"{directory}/freezer.state", "w") as file:
            file.write("THAWED")
        with contextlib.suppress(OSError), open(f"{directory}/cgroup.procs") as file:
            for pid in file.read().split():
                os.kill(int(pid), signal.SIGKILL)

    def gone() -> bool:
        for directory in _directories(path):
            with contextlib.suppress(OSError):
                os.rmdir(directory)
        return not os.path.exists(path)

    assert eventually(gone), f"{path} could not be removed"
