"""One machine: processes with pids, cgroups and mounts of their own, as it has them after it was switched on.

Knows nothing of what happens inside; `tests.fresh.inside` runs there. The kernel ends every process with the first,
and the first with the one that started it. The network is the host's.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.fresh.bare_root import CHECKOUT
from tests.kernel.host import cgroup_directories, eventually

SUITES = ("bookworm", "trixie")
TOOLS = ("mmdebstrap", "git", "nsenter", "tmux", "unshare")

PLACE = Path("/var/tmp")
"""On a disk, which /tmp need not be: what is installed on a machine is a gigabyte."""

_NAME = "tuicont_fresh"
_JOIN = """
for group in $1; do echo $$ >"$group/cgroup.procs"; done
shift
exec "$@"
"""
_INIT = '"$@"; exit $?'
"""A shell as the first process: it waits for orphans too."""


class Machine:
    """One run of `tests.fresh.inside` with `words`. Its `directory` is removed with it."""

    def __init__(self, suite: str, *words: str) -> None:
        self.suite, self._words = suite, words
        self._process: subprocess.Popen[bytes] | None = None
        self._temporary: tempfile.TemporaryDirectory[str] | None = None

    def start(self, *, recorded: bool = False) -> None:
        """Begin, and return at once. What is said goes where it goes here, or is `recorded` for `said`."""
        for left in PLACE.glob(f"{_NAME}-*"):
            if not os.path.exists(f"/proc/{left.name.split('-')[1]}"):  # whoever made it was killed
                _remove_groups(left.name)
                shutil.rmtree(left, ignore_errors=True)
        prefix = f"{_NAME}-{os.getpid()}-{self.suite}-"
        self._temporary = tempfile.TemporaryDirectory(dir=PLACE, prefix=prefix)
        self.directory = Path(self._temporary.name)
        groups = [_new_group(mount, self.directory.name) for mount in cgroup_directories("")]
        leaves = [leaf for group in groups if os.path.isdir(leaf := f"{group}/init")]
        inside = [sys.executable, "-m", "tests.fresh.inside", str(self.directory), self.suite, *self._words]
        with contextlib.ExitStack() as opened:
            output = opened.enter_context((self.directory / "said").open("wb")) if recorded else None
            self._process = subprocess.Popen(
                [
                    *("env", "--default-signal", "setpriv", "--pdeathsig=KILL"),
                    *_in_groups(groups, "unshare", "--cgroup"),
                    *_in_groups(leaves, "nice", "-n", "5"),
                    *("unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", _INIT, "sh", *inside),
                ],
                cwd=CHECKOUT,
                stdin=subprocess.DEVNULL if recorded else None,
                stdout=output,
                stderr=output,
            )

    def wait(self) -> int:
        """Block until it is switched off; the exit code of what ran inside."""
        assert self._process is not None
        return self._process.wait()

    def said(self) -> str:
        """What was recorded so far."""
        return (self.directory / "said").read_text(errors="replace")

    def close(self) -> None:
        """Switch it off if need be, and remove all of it. May be repeated."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        if self._temporary is not None:
            eventually(lambda: _remove_groups(self.directory.name), 60)
            self._temporary.cleanup()


def _in_groups(groups: Sequence[str], *words: str) -> list[str]:
    return ["sh", "-e", "-c", _JOIN, "sh", " ".join(groups), *words]


def _new_group(mount: str, name: str) -> str:
    """A cgroup that is to be the root of what the machine sees of this hierarchy."""
    group = f"{mount}/{name}"
    os.mkdir(group)
    for setting in ("cpuset.cpus", "cpuset.mems"):  # without these a v1 cpuset takes no process
        with contextlib.suppress(OSError):
            Path(group, setting).write_text(Path(mount, setting).read_text())
    controllers = Path(mount, "cgroup.controllers")
    if controllers.exists():
        wanted = {"cpu", "cpuset", "memory", "pids"} & set(controllers.read_text().split())
        Path(mount, "cgroup.subtree_control").write_text(" ".join(f"+{name}" for name in wanted))
        # A cgroup that has processes gives its children no controllers: those of the machine live in a leaf.
        os.mkdir(f"{group}/init")
    return group


def _remove_groups(name: str) -> bool:
    """Whether they are gone in every hierarchy; one stays while a process in it is dying."""
    for group in cgroup_directories(name):
        with contextlib.suppress(OSError):
            for directory, _, _ in os.walk(group, topdown=False):
                os.rmdir(directory)
    return not cgroup_directories(name)
