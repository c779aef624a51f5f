"""What the runtime suite needs: containers of any runtime, each in a cgroup of its own, with no engine above them."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Mapping
from typing import Any

from tests.contract.cgroups import LAYOUT, PARENT, Host, limited
from tests.kernel.boxes import MOUNTS, Boxes, everything
from tests.kernel.host import shims
from tests.support import require_that
from tuicont.core.host.facts import host_facts
from tuicont.core.runtime.base import Bundle, Runtime, Session, Task
from tuicont.core.runtime.native.runtime import NativeRuntime
from tuicont.core.runtime.oci.runtime import Crun, Runc

RUNTIMES: dict[str, Callable[..., Runtime]] = {"native": NativeRuntime, "crun": Crun, "runc": Runc}
CGROUP_MOUNT = {
    "destination": "/sys/fs/cgroup",
    "type": "cgroup",
    "source": "cgroup",
    "options": ["nosuid", "noexec", "nodev", "ro"],
}


class Containers(Boxes):
    """As `Boxes`, with the runtime called `kind`."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.cgroups = Host(LAYOUT)
        super().__init__()
        probe = self.runtime.probe()
        require_that(probe.supported, f"the runtime {kind} ({probe.reason})")

    def new_runtime(self) -> Any:
        """A runtime as another process would have it."""
        return RUNTIMES[self.kind](f"{self.dir}/target", host=host_facts(), compile_filter=lambda _: b"")

    def spec(self, *args: str, **changes: Any) -> dict[str, Any]:
        """As that of a box, with the container's cgroup to be seen."""
        return super().spec(*args, **({"mounts": [*MOUNTS, CGROUP_MOUNT]} | changes))

    def bundle(self, name: str, spec: Mapping[str, Any], **fields: Any) -> Bundle:
        """As that of a box, with a cgroup."""
        group = self.cgroups.driver.create(name, limited(**fields.pop("limits", {})))
        return super().bundle(name, spec, **({"placement": group.placement} | fields))

    def placement(self, name: str) -> Any:
        """Where the processes of a container go."""
        return self.cgroups.driver.open(name).placement

    def left(self, name: str = "one") -> list[str]:
        """What of a container is still on the host: processes, mounts, files, cgroups of its runtime."""
        found = [f"shim {pid}" for pid in shims(self.dir)]
        found += [f"process {pid}" for pid in self.cgroups.driver.open(name).processes()]
        with open("/proc/self/mountinfo") as file:
            found += [f"mount {line.split()[4]}" for line in file if self.dir in line]
        with contextlib.suppress(FileNotFoundError):
            found += [f"file {entry}" for entry in os.listdir(f"{self.dir}/{name}/run")]
        if os.path.exists(f"{self.dir}/{name}/exit"):
            found.append("exit record")
        return found

    def close(self) -> None:
        """End all, and remove every directory."""
        try:
            for task in self._tasks:
                task.signal(9)
                with contextlib.suppress(Exception):
                    task.attach(stdin=False).close()
                    task.wait(10)
            for name in os.listdir(self.dir):
                if os.path.isdir(f"{self.dir}/{name}/run"):
                    with contextlib.suppress(Exception):
                        self.runtime.clean(name, f"{self.dir}/{name}/run")
            super().close()
        finally:
            self.cgroups.clean_up()


__all__ = ["PARENT", "RUNTIMES", "Containers"]


def run_exec(made: Containers, task: Task, *args: str, exec_id: str = "e1", **changes: Any) -> Session:
    """One more process in the container "one"."""
    options = {"stdin": False, "rows": 24, "cols": 80} | {
        k: changes.pop(k) for k in ("stdin", "rows", "cols") if k in changes
    }
    process = {"args": list(args), "env": ["PATH=/bin"], "cwd": "/", "user": {"uid": 0, "gid": 0}} | changes
    return task.exec(process, made.specs["one"], made.placement("one"), exec_id=exec_id, **options)


def output(session: Session) -> str:
    """All that it wrote; closed afterwards."""
    with contextlib.closing(session):
        return everything(session)
