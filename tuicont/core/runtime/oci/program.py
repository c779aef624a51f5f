"""One OCI runtime on this host: where it is, what it is called with, and running it for what needs no shim."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Mapping
from functools import partial
from typing import Any

from tuicont.core.cgroup.base import Placement
from tuicont.core.errors import Unsupported
from tuicont.core.files.trees import remove_tree
from tuicont.core.model.host import CgroupHierarchy
from tuicont.core.runtime.oci.bundle import hidden_hierarchies
from tuicont.core.runtime.oci.failure import failure
from tuicont.core.runtime.oci.flavours import Flavour
from tuicont.core.runtime.oci.plan import enter, invocation
from tuicont.core.runtime.ops.order import order
from tuicont.core.shim.plan import Order
from tuicont.core.shim.wire import adopted
from tuicont.core.storage.base import RootMount

_SEARCH = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
_SECONDS = 10.0
_STATE = "oci"
_NOWHERE = Placement()


class Program:
    """Finds the program when it is first asked for, and builds its command lines. What it notes of a container is in
    that one's run directory, so that it goes with that."""

    def __init__(self, flavour: Flavour) -> None:
        self.flavour = flavour
        self._path: str | None = None

    @property
    def path(self) -> str:
        """Where it is; "" when it is nowhere."""
        if not self._path:
            search = os.pathsep.join((os.environ.get("PATH", ""), *_SEARCH))
            self._path = shutil.which(self.flavour.program, path=search) or ""
        return self._path

    def version(self) -> str:
        """The first line of what it says of itself. Raises `OSError` or `subprocess.SubprocessError`."""
        command = (self.path, "--version")
        done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=True)
        return done.stdout.partition("\n")[0].strip()

    def order(
        self,
        operation: str,
        run_dir: str,
        name: str,
        command: tuple[str, ...],
        *,
        process: Mapping[str, Any],
        placement: Placement = _NOWHERE,
        hierarchies: tuple[CgroupHierarchy, ...],
        root_mounts: tuple[RootMount, ...] = (),
        root: str = "",
    ) -> Order:
        """Become it with `command` for the container of `run_dir`; `name` is that of its log there, `process` what is
        to be executed by it. Raises `Unsupported` when it is not on this host."""
        steps = invocation(
            self._words(run_dir, name, command),
            run_dir=run_dir,
            entered=enter(placement, self.flavour),
            hidden=hidden_hierarchies(placement, hierarchies, self.flavour),
            root_mounts=root_mounts,
            root=root,
        )
        executed = next(iter(process.get("args") or ()), "")
        explain = partial(failure, operation, steps, f"{run_dir}/{name}.log", self.flavour, executed)
        return order(steps, operation, explain)

    def delete(self, container_id: str, run_dir: str) -> None:
        """Have it forget an ended container, which may have been killed half made. What it does not remove in time goes
        with the directory."""
        if not os.path.isdir(f"{run_dir}/{_STATE}/{container_id}") or not self.path:
            return
        command = self._words(run_dir, "delete", ("delete", "--force", container_id))
        nothing = subprocess.DEVNULL
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            subprocess.run(
                command, cwd=run_dir, stdin=nothing, stdout=nothing, stderr=nothing, timeout=_SECONDS, check=False
            )

    def forget(self, container_id: str, run_dir: str) -> None:
        """`delete`, and remove all files that were made for it."""
        self.delete(container_id, run_dir)
        remove_tree(f"{run_dir}/{_STATE}")
        for name in ("config.json", *(f"{name}.log" for name in (adopted(), "start", "delete"))):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(f"{run_dir}/{name}")

    def _words(self, run_dir: str, name: str, command: tuple[str, ...]) -> tuple[str, ...]:
        if not self.path:
            raise Unsupported(f"run {self.flavour.program}", "there is no such program on this host")
        # The log by a relative name: crun reads a kind before a colon, and a path may have one.
        state, log = f"{run_dir}/{_STATE}", f"{name}.log"
        return (self.path, *self.flavour.options, "--root", state, "--log", log, "--log-format", "json", *command)
