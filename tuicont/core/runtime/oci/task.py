"""A container that an OCI runtime has made. Implements `runtime.base.Task`."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Mapping
from typing import Any

from tuicont.core.cgroup.base import Placement
from tuicont.core.errors import kernel_error
from tuicont.core.model.document import encode
from tuicont.core.model.host import CgroupHierarchy
from tuicont.core.runtime.kept import KeptTask
from tuicont.core.runtime.oci import plan
from tuicont.core.runtime.oci.program import Program
from tuicont.core.runtime.ops.flags import CLONE_NEWNS
from tuicont.core.shim import wire
from tuicont.core.shim.keeper import Kept
from tuicont.core.shim.plan import PlanHead
from tuicont.core.shim.session import ShimSession

Spec = Mapping[str, Any]


class OciTask(KeptTask):
    """Starts it and adds processes to it by the same program."""

    def __init__(
        self,
        container_id: str,
        run_dir: str,
        kept: Kept,
        *,
        released: Callable[[], None],
        program: Program,
        hierarchies: tuple[CgroupHierarchy, ...],
    ) -> None:
        super().__init__(container_id, run_dir, kept, released=released)
        self._program = program
        self._hierarchies = hierarchies

    def start(self, spec: Spec) -> None:
        """See `Task`."""
        operation = f"start {self._id[:12]}"
        order = self._program.order(
            operation,
            self._run_dir,
            "start",
            ("start", self._id),
            process=spec["process"],
            hierarchies=self._hierarchies,
        )
        head = PlanHead(clone_flags=CLONE_NEWNS)
        self._let_start(order.explain, operation, (head, order))

    def exec(
        self, process: Spec, spec: Spec, placement: Placement, *, exec_id: str, stdin: bool, rows: int, cols: int
    ) -> ShimSession:
        """See `Task`."""
        operation, name = f"exec in {self._id[:12]}", wire.adopted(exec_id)
        terminal = bool(process.get("terminal"))
        if terminal:
            process = {**process, "consoleSize": {"height": rows, "width": cols}}
        console = ("--console-socket", f"{name}.tty") if terminal else ()
        files = f"{self._run_dir}/{name}"
        order = self._program.order(
            operation,
            self._run_dir,
            name,
            ("exec", "--process", f"{files}.json", "--pid-file", f"{name}.pid", "--detach", *console, self._id),
            process=process,
            placement=placement,
            hierarchies=self._hierarchies,
        )
        head = PlanHead(
            flags=wire.PLAN_ADOPT | (wire.PLAN_STDIN if stdin else 0) | (wire.PLAN_TERMINAL if terminal else 0),
            clone_flags=CLONE_NEWNS,
            clone_into=plan.clone_into(placement, self._program.flavour),
            exec_id=exec_id,
        )
        try:
            write_json(f"{files}.json", process, operation)
            return self._add(head, order, operation, stdin=stdin)
        finally:
            for suffix in ("json", "log"):
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(f"{files}.{suffix}")


def write_json(path: str, value: object, operation: str) -> None:
    """A file for the program to read, and for nobody else."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with open(descriptor, "wb") as file:
            file.write(encode(value))
    except OSError as error:
        raise kernel_error(operation, f"write {path}", error, stage="bundle") from None
