"""What a runtime is: it takes a bundle (an OCI runtime specification and what the engine prepared for
it) and answers with a task.

A *task* is a container's running side. It belongs to a shim process, not to the engine: it outlives the
engine and `load` finds it again. A *session* is a caller's connection to the input and output of one
process. All methods block, are safe from any thread, and raise `EngineError`s.

Lifecycle: `start`, or `create` and then the task's `start` → `wait` → `release` → `clean`. There is no `update`: a
container's limits are files of its cgroup, which the engine's cgroup driver writes for every runtime alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, Protocol

import msgspec

from tuicont.core.cgroup.base import Placement
from tuicont.core.model.container import ExitStatus
from tuicont.core.model.probe import Probe
from tuicont.core.model.request import LogOptions
from tuicont.core.shim.patience import PATIENCE_SECONDS
from tuicont.core.storage.base import RootMount

STDOUT = 1
STDERR = 2


class TaskState(StrEnum):
    """How far a task is: its init is being born, waits to be started, runs, or has ended."""

    STARTING = "starting"
    CREATED = "created"
    RUNNING = "running"
    ENDED = "ended"


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One operation of a birth: the `index`th of `count` (from 0), the part of the work that it belongs to (or ""), and
    a line in the words of the system calls that carry it out."""

    index: int
    count: int
    part: str
    text: str


class DoneStep(Step, frozen=True, kw_only=True):
    """A step that was taken: when it began (CLOCK_MONOTONIC), how long it took, and its errno, 0 for success."""

    began_ns: int
    nanoseconds: int
    errno: int


def _nothing() -> None:
    pass


def _no_chore() -> bool:
    return False


class Waits(msgspec.Struct, frozen=True, kw_only=True):
    """What the caller does while a container is being born; what one of these raises cancels the birth.

    `meanwhile` is its part of the work that has to be done before the init's first step, and may be done while the
    namespaces are made. `born` is called with (pid, pidfd) when the namespaces exist and before that first step: to
    move an interface in, write id maps, run hooks. Asking for it costs a round trip. `idly` does a piece of work of no
    hurry and says whether there was any; it is called while the init takes its steps, and raises nothing. `step` is
    called before each step, False cancels the birth; `observe` with all steps that were taken, also when one failed.
    `patience` is how many seconds the init may take for its steps, without the time that it waits for somebody.
    """

    meanwhile: Callable[[], object] = _nothing
    born: Callable[[int, int], object] | None = None
    idly: Callable[[], bool] = _no_chore
    step: Callable[[Step], bool] | None = None
    observe: Callable[[tuple[DoneStep, ...]], object] | None = None
    patience: float = PATIENCE_SECONDS


class Bundle(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a runtime needs to start one container.

    `spec` is the OCI runtime specification (config.json) as plain values. `run_dir` is the task's own
    volatile directory (the shim's socket is in it), `exit_path` the file that the shim writes, whole and
    by rename, when the container ends; `log_path` the log. `reaper` asks for an init as PID 1.
    With `hold_output` the output waits in its pipe or pty for the first session to attach (or for the
    engine that started it to go away), so that a session attached right after `start` misses nothing.
    `guard` is a descriptor that stays open until the start is over, also when the engine dies meanwhile;
    `snapshot` one that stays open until the root file system is unmounted, a moment after the end is told.
    """

    id: str
    spec: Mapping[str, Any]
    root_mounts: tuple[RootMount, ...]
    placement: Placement
    shim_placement: Placement
    run_dir: str
    log_path: str
    exit_path: str
    log: LogOptions = LogOptions()
    stdin_open: bool = False
    reaper: bool = False
    hold_output: bool = False
    guard: int = -1
    snapshot: int = -1


class Session(Protocol):
    """The input and output of one process. Closing it neither ends nor blocks the process."""

    def fileno(self) -> int:
        """A descriptor that polls readable when `read` has something."""

    def read(self, timeout: float | None = None) -> tuple[int, bytes] | None:
        """The next output as (STDOUT or STDERR, bytes); None when the process has ended and all its output
        was read (then `exit` is set). Raises `TimeoutError` after `timeout` seconds."""

    def write(self, data: bytes) -> None:
        """Send to its standard input."""

    def close_stdin(self) -> None:
        """End of file on its standard input."""

    def resize(self, rows: int, cols: int) -> None:
        """Set the size of its terminal."""

    def signal(self, number: int) -> None:
        """Signal the process (not its whole container)."""

    @property
    def exit(self) -> ExitStatus | None:
        """How it ended, once it has and `read` returned None."""

    def close(self) -> None:
        """Go away (detach). May be repeated."""


class Task(Protocol):
    """A container that is created or started."""

    pid: int
    start_time: int

    @property
    def state(self) -> TaskState:
        """How far it is, as far as this object has learned."""

    def start(self, spec: Mapping[str, Any]) -> None:
        """Let the init of a created container go on to its command. `spec` is the bundle's. Raises the error of what
        failed, and then the container has ended; `Conflict` when it was started before."""

    def attach(self, *, stdin: bool) -> Session:
        """Connect to the init's output from now on, and to its input when `stdin`."""

    def exec(
        self,
        process: Mapping[str, Any],
        spec: Mapping[str, Any],
        placement: Placement,
        *,
        exec_id: str,
        stdin: bool,
        rows: int,
        cols: int,
    ) -> Session:
        """Run one more process (the `process` object of the OCI specification) in the container, whose own
        specification is `spec`."""

    def signal(self, number: int) -> None:
        """Signal the container's init. An init that is gone is no error."""

    def wait(self, timeout: float | None = None) -> ExitStatus:
        """Block until the init has ended. Raises `TimeoutError`."""

    def release(self) -> bool:
        """Say that the exit status is stored: the shim goes away. False when it was gone already. An init that was
        killed just now is waited for."""


class Runtime(Protocol):
    """Starts containers, and finds again those that run."""

    name: str

    def probe(self) -> Probe:
        """Whether this host can use the runtime, or why not."""

    def start(self, bundle: Bundle, waits: Waits = Waits()) -> Task:
        """Start the container. Raises the error of the operation that failed, and then nothing is left of it: no
        process, no mount, no socket. Raises `Unsupported` for a wait that the runtime cannot offer."""

    def create(self, bundle: Bundle, waits: Waits = Waits()) -> Task:
        """As `start`, up to the moment before the container's command: its init waits for the task's `start`."""

    def alive(self, run_dir: str) -> bool:
        """Whether a shim serves the task of `run_dir`: a quick look."""

    def load(self, container_id: str, run_dir: str) -> Task | None:
        """The task whose shim lives in `run_dir`, or None when there is none."""

    def clean(self, container_id: str, run_dir: str) -> None:
        """Remove what an ended task left, with its shim or without: `run_dir` with all that is in it, and what the
        runtime itself keeps of the container. May be repeated."""
