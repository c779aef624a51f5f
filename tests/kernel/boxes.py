"""Containers straight from the native runtime: busybox, no engine, no image, no store."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import tempfile
from collections.abc import Mapping
from typing import Any

from tests.support import require
from tuicont.core.cgroup.base import Placement
from tuicont.core.model.container import ExitStatus
from tuicont.core.model.host import HostFacts
from tuicont.core.model.request import LogOptions
from tuicont.core.runtime.base import STDOUT, Bundle, Session, Waits
from tuicont.core.runtime.native.plan import exec_plan
from tuicont.core.runtime.native.runtime import NativeRuntime
from tuicont.core.runtime.native.task import NativeTask
from tuicont.core.runtime.ops.order import order
from tuicont.core.shim import wire
from tuicont.core.shim.plan import PlanFile, PlanHead
from tuicont.core.shim.records import SOCKET_NAME
from tuicont.core.storage.base import RootMount
from tuicont.core.sys import sockets

APPLETS = (
    "sh",
    "true",
    "ls",
    "cat",
    "sleep",
    "echo",
    "stty",
    "ps",
    "tty",
    "dd",
    "kill",
    "wc",
    "hostname",
    "seq",
    "grep",
)
NAMESPACES = ("mount", "pid", "uts", "ipc", "network", "cgroup")
MOUNTS = (
    {"destination": "/proc", "type": "proc", "source": "proc", "options": ["nosuid", "noexec", "nodev"]},
    {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755", "size=65536k"]},
    {
        "destination": "/dev/pts",
        "type": "devpts",
        "source": "devpts",
        "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"],
    },
    {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["nosuid", "noexec", "nodev", "ro"]},
)
NOWHERE = Placement()


class Boxes:
    """A directory with a root file system, and the tasks made in it; `close` ends them all."""

    def __init__(self) -> None:
        busybox = require("busybox")
        self.dir = tempfile.mkdtemp(prefix="tc-box-", dir="/tmp")
        self.rootfs = f"{self.dir}/rootfs"
        for name in ("rootfs/bin", "target", "tmp"):
            os.makedirs(f"{self.dir}/{name}")
        shutil.copy(busybox, f"{self.rootfs}/bin/busybox")
        for applet in APPLETS:
            os.symlink("busybox", f"{self.rootfs}/bin/{applet}")
        self.specs: dict[str, Mapping[str, Any]] = {}
        self.runtime = self.new_runtime()
        self._tasks: list[NativeTask] = []

    def new_runtime(self) -> NativeRuntime:
        """A runtime as another process would have it."""
        return NativeRuntime(f"{self.dir}/target", host=HostFacts(), compile_filter=lambda _: b"")

    def spec(self, *args: str, **changes: Any) -> dict[str, Any]:
        """A specification; `changes` replace fields of it, those named in `process` fields of that."""
        process = {
            "terminal": False,
            "user": {"uid": 0, "gid": 0},
            "args": list(args),
            "env": ["PATH=/bin", "TERM=xterm"],
            "cwd": "/",
        } | changes.pop("process", {})
        linux = {"namespaces": [{"type": kind} for kind in NAMESPACES]} | changes.pop("linux", {})
        return {
            "ociVersion": "1.2.0",
            "process": process,
            "root": {"path": self.rootfs},
            "hostname": "box",
            "mounts": list(MOUNTS),
            "linux": linux,
        } | changes

    def bundle(self, name: str, spec: Mapping[str, Any], **fields: Any) -> Bundle:
        """What `start` takes: its own overlay over the common root file system."""
        self.specs[name] = spec
        base = f"{self.dir}/{name}"
        for part in ("upper", "work", "run"):
            os.makedirs(f"{base}/{part}", exist_ok=True)
        options = f"lowerdir={self.rootfs},upperdir={base}/upper,workdir={base}/work"
        defaults: dict[str, Any] = {
            "root_mounts": (RootMount(fstype="overlay", source="overlay", options=options),),
            "placement": NOWHERE,
            "shim_placement": NOWHERE,
            "run_dir": f"{base}/run",
            "log_path": f"{base}/log",
            "exit_path": f"{base}/exit",
            "log": LogOptions(),
        }
        return Bundle(id=name, spec=spec, **(defaults | fields))

    def start(
        self,
        *args: str,
        name: str = "one",
        spec: Mapping[str, Any] | None = None,
        waits: Waits = Waits(),
        create: bool = False,
        **fields: Any,
    ) -> NativeTask:
        """Start (or only create) a container that runs `args`."""
        born = self.runtime.create if create else self.runtime.start
        task = born(self.bundle(name, spec or self.spec(*args), **fields), waits)
        self._tasks.append(task)
        return task

    def adopt(self, task: NativeTask) -> None:
        """One that another process has started is ended with the others."""
        self._tasks.append(task)

    def create(self, *args: str, **options: Any) -> NativeTask:
        """A container whose init waits to be started."""
        return self.start(*args, create=True, **options)

    def run(self, *args: str, **options: Any) -> tuple[ExitStatus, str]:
        """Run to the end. How it ended, and what it wrote."""
        task = self.start(*args, hold_output=True, **options)
        with contextlib.closing(task.attach(stdin=False)) as session:
            text = everything(session)
        return task.wait(10), text

    def exec(
        self,
        task: NativeTask,
        *args: str,
        stdin: bool = False,
        exec_id: str = "e1",
        rows: int = 24,
        cols: int = 80,
        **process: Any,
    ) -> Session:
        """One more process in a container."""
        wanted = {"args": list(args), "env": ["PATH=/bin"], "cwd": "/"} | process
        return task.exec(wanted, self.specs["one"], NOWHERE, exec_id=exec_id, stdin=stdin, rows=rows, cols=cols)

    def ask_exec(self, *args: str, head: PlanHead = PlanHead(), **process: Any) -> socket.socket:
        """Ask the shim itself for one more process, and answer with the connection over which it tells of that."""
        wanted = {"args": list(args), "env": ["PATH=/bin"], "cwd": "/"} | process
        client = sockets.connect(f"{self.dir}/one/run", SOCKET_NAME)
        with PlanFile(head, order(exec_plan(wanted, self.specs["one"]), "exec"), "exec") as plan:
            sockets.send_with(client, wire.request(wire.Request.EXEC), plan.fd)
        return client

    def log(self, name: str = "one") -> list[str]:
        """The lines of a container's log."""
        try:
            with open(f"{self.dir}/{name}/log") as file:
                return file.read().splitlines()
        except FileNotFoundError:
            return []  # it is made with the first line

    def close(self) -> None:
        """End and release all tasks, remove the directory."""
        for task in self._tasks:
            task.signal(9)
            with contextlib.suppress(Exception):
                task.wait(10)
            with contextlib.suppress(Exception):
                task.release()
            task.close()
        shutil.rmtree(self.dir)


def everything(session: Session, timeout: float = 10) -> str:
    """All output of a process until it ends."""
    found = bytearray()
    while (piece := session.read(timeout)) is not None:
        found += piece[1]
    return found.decode()


def read_until(session: Session, text: str, timeout: float = 10) -> str:
    """Output up to and with the first packet in which `text` is complete."""
    found = b""
    while text.encode() not in found:
        piece = session.read(timeout)
        assert piece is not None, f"ended before {text!r}: {found!r}"
        found += piece[1]
    return found.decode()


def collect(session: Session, stream: int = STDOUT) -> bytes:
    """All that was written to one stream."""
    found = bytearray()
    while (piece := session.read(10)) is not None:
        if piece[0] == stream:
            found += piece[1]
    return bytes(found)
