"""What the cgroup suites share: the drivers that this host can have, processes in a group, and the kernel's own
files read past the driver."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from tuicont.core.cgroup.base import Cgroup, CgroupDriver, Placement
from tuicont.core.cgroup.detect import Layout, read_layout
from tuicont.core.cgroup.v1.group import CONTROLLERS as V1_CONTROLLERS
from tuicont.core.engine.drivers import cgroup_driver_class
from tuicont.core.model.limits import Limits
from tuicont.core.model.resources import DeviceRule, Resources
from tuicont.core.spec.limits import resources_with
from tuicont.core.spec.resources import DEFAULT_DEVICES, EVERY_DEVICE, read
from tuicont.core.sys.kernel import Kernel, RealKernel

LAYOUT = read_layout(RealKernel())
PARENT = f"tuicont-test-{os.getpid()}"
MIB = 1 << 20
DEFAULT = read({"devices": DEFAULT_DEVICES}).devices
EVERY = read({"devices": EVERY_DEVICE}).devices


def layouts() -> dict[str, Layout]:
    """Each mode that this host's hierarchies allow: a hybrid host can be used as a v1 one."""
    found = {LAYOUT.mode: LAYOUT} if LAYOUT.mode != "none" else {}
    if LAYOUT.mode == "hybrid":
        found["v1"] = msgspec.structs.replace(LAYOUT, unified="")
    return found


def limited(devices: tuple[DeviceRule, ...] = (), **limits: Any) -> Resources:
    """Resources as a user's limits come to them."""
    return msgspec.structs.replace(read(resources_with({}, Limits(**limits))), devices=devices)


def driver_for(layout: Layout, kernel: Kernel, parent: str = PARENT, root: str = "/") -> CgroupDriver:
    """The driver that reads and writes the files of cgroups itself."""
    driver: CgroupDriver = cgroup_driver_class("cgroupfs", layout.mode)(kernel, layout, parent, root)
    return driver


class Host:
    """A driver on a parent of the test's own, and the plain files beside it."""

    def __init__(self, layout: Layout, kernel: Kernel | None = None) -> None:
        self.layout = layout
        self.v2_limits = layout.mode == "unified"
        self.driver: CgroupDriver = driver_for(layout, kernel or RealKernel())
        self._processes: list[subprocess.Popen[bytes]] = []

    def mounts(self) -> list[str]:
        """Every hierarchy that a group is made in."""
        # Beside a v2 hierarchy, which freezes, the v1 freezer is left alone.
        used = {controller.name for controller in V1_CONTROLLERS} - ({"freezer"} if self.layout.unified else set())
        found = [mount for controller, mount in self.layout.v1 if controller in used]
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

    def run(self, place: Cgroup | Placement, script: str) -> subprocess.Popen[bytes]:
        """A shell that enters the group and then runs `script`; its output is a pipe."""
        placement = place if isinstance(place, Placement) else place.placement
        files = [f"{directory}/tasks" for directory in placement.enter]
        if placement.clone_into:
            files.append(f"{placement.clone_into}/cgroup.procs")
        entering = "".join(f"echo 0 > {file} && " for file in files)
        process = subprocess.Popen(
            ["sh", "-c", f"{entering} : || exit 99\n{script}"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self._processes.append(process)
        return process

    def started(self, place: Cgroup | Placement, script: str) -> subprocess.Popen[bytes]:
        """`run` of a script whose first line of output says that it is under way."""
        process = self.run(place, script)
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
