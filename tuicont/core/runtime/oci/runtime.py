"""An OCI runtime behind the `Runtime` protocol: its containers are kept by shims like all others."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from typing import ClassVar

from tuicont.core.errors import EngineError, Unsupported
from tuicont.core.model.host import HostFacts
from tuicont.core.model.probe import Probe
from tuicont.core.runtime.base import Bundle, Waits
from tuicont.core.runtime.oci import flavours, plan
from tuicont.core.runtime.oci.bundle import specification
from tuicont.core.runtime.oci.flavours import Flavour
from tuicont.core.runtime.oci.program import Program
from tuicont.core.runtime.oci.task import OciTask, write_json
from tuicont.core.runtime.ops.flags import CLONE_NEWNS
from tuicont.core.shim import wire
from tuicont.core.shim.keeper import Keeper, Kept
from tuicont.core.shim.plan import Order, PlanHead
from tuicont.core.shim.records import remove_run_directory, remove_socket

_NO_WAITS = Waits()
_END_SECONDS = 5.0


class OciRuntime:
    """One program, as its `flavour` says. `root_target` is an empty directory at which the root of each container is
    mounted, in the mount namespace of the program. It compiles filters itself."""

    flavour: ClassVar[Flavour]

    def __init__(self, root_target: str, *, host: HostFacts, compile_filter: object = None) -> None:
        self.name = self.flavour.program
        self._root_target = root_target
        self._hierarchies = host.hierarchies
        self._program = Program(self.flavour)
        self._keeper = Keeper()

    def probe(self) -> Probe:
        """See `Runtime`."""
        probe = self._keeper.probe(self.name)
        if not probe.supported:
            return probe
        reason, version = "", ""
        if not self._program.path:
            reason = f"there is no {self.name} on this host"
        else:
            try:
                version = self._program.version()
            except (OSError, subprocess.SubprocessError) as error:
                reason = f"{self._program.path} does not say its version: {error}"
        detail = f"{self._program.path} {version}".strip()
        return Probe(group="runtime", name=self.name, supported=not reason, reason=reason, detail=detail)

    def start(self, bundle: Bundle, waits: Waits = _NO_WAITS) -> OciTask:
        """See `Runtime`."""
        task = self.create(bundle, waits)
        try:
            task.start(bundle.spec)
        except BaseException:
            self._undo(bundle, task)
            raise
        return task

    def create(self, bundle: Bundle, waits: Waits = _NO_WAITS) -> OciTask:
        """See `Runtime`. The process that is shown as born is the created container's, whose hooks have run."""
        operation = f"start {bundle.id[:12]}"
        if waits.step is not None or waits.observe is not None:
            raise Unsupported(operation, f"the steps of {self.name} are its own", hint="the native runtime shows them")
        if bundle.reaper:
            raise Unsupported(operation, f"{self.name} brings no init", hint="the native runtime does")

        def wanted() -> Order:
            waits.meanwhile()
            return self._creation(bundle, operation)

        try:
            kept = self._keeper.start(
                bundle.id,
                self._head(bundle, waits.patience),
                wanted,
                run_dir=bundle.run_dir,
                cgroup=bundle.shim_placement.clone_into,
                guard=bundle.guard,
                snapshot=bundle.snapshot,
                idly=waits.idly,
            )
        except BaseException:
            self._forget(bundle)
            raise
        task = self._task(bundle.id, bundle.run_dir, kept)
        try:
            if waits.born is not None:
                waits.born(task.pid, kept.pidfd.fileno())
        except BaseException:
            self._undo(bundle, task)
            raise
        return task

    def alive(self, run_dir: str) -> bool:
        """See `Runtime`."""
        return self._keeper.alive(run_dir)

    def load(self, container_id: str, run_dir: str) -> OciTask | None:
        """See `Runtime`."""
        kept = self._keeper.find(container_id, run_dir)
        return None if kept is None else self._task(container_id, run_dir, kept)

    def clean(self, container_id: str, run_dir: str) -> None:
        """See `Runtime`."""
        self._program.delete(container_id, run_dir)
        remove_run_directory(run_dir)

    def _creation(self, bundle: Bundle, operation: str) -> Order:
        root = self._root_target if bundle.root_mounts else ""
        spec = specification(
            bundle.spec,
            root=root,
            placement=bundle.placement,
            hierarchies=self._hierarchies,
            flavour=self.flavour,
        )
        write_json(f"{bundle.run_dir}/config.json", spec, operation)
        name = wire.adopted()
        console = ("--console-socket", f"{name}.tty") if spec["process"].get("terminal") else ()
        return self._program.order(
            operation,
            bundle.run_dir,
            name,
            ("create", "--bundle", bundle.run_dir, "--pid-file", f"{name}.pid", *console, bundle.id),
            process=spec["process"],
            placement=bundle.placement,
            hierarchies=self._hierarchies,
            root_mounts=bundle.root_mounts,
            root=root,
        )

    def _head(self, bundle: Bundle, patience: float) -> PlanHead:
        terminal = bundle.spec["process"].get("terminal")
        return PlanHead(
            flags=wire.PLAN_ADOPT
            | (wire.PLAN_STDIN if bundle.stdin_open else 0)
            | (wire.PLAN_HOLD if bundle.hold_output else 0)
            | (wire.PLAN_TERMINAL if terminal else 0),
            clone_flags=CLONE_NEWNS,
            clone_into=plan.clone_into(bundle.placement, self.flavour),
            exit_path=bundle.exit_path,
            log_path=bundle.log_path,
            log=bundle.log,
            enter=bundle.shim_placement.enter,
            patience_ms=round(patience * 1000),
        )

    def _task(self, container_id: str, run_dir: str, kept: Kept) -> OciTask:
        return OciTask(
            container_id,
            run_dir,
            kept,
            released=self._keeper.reap,
            program=self._program,
            hierarchies=self._hierarchies,
        )

    def _undo(self, bundle: Bundle, task: OciTask) -> None:
        """End a container that was created and shall not be."""
        task.signal(signal.SIGKILL)
        with contextlib.suppress(EngineError, TimeoutError):
            task.attach(stdin=False).close()  # its output may be held for somebody, and with it its end
            task.wait(_END_SECONDS)
        task.release()
        remove_socket(bundle.run_dir)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(bundle.exit_path)
        self._forget(bundle)

    def _forget(self, bundle: Bundle) -> None:
        """Leave of a container that is not only the directory that was given."""
        self._program.forget(bundle.id, bundle.run_dir)


class Crun(OciRuntime):
    """crun."""

    flavour = flavours.CRUN


class Runc(OciRuntime):
    """runc."""

    flavour = flavours.RUNC
