"""What the README says a new user does, done on a fresh machine by keys, and held against its kernel.

Knows nothing of how the machine came to be.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.e2e.terminal import ENDED, Terminal, until
from tests.fresh.bare_root import SOURCE
from tests.junit import read_counts
from tests.kernel.host import cgroup_directories, namespace
from tests.mount_namespace import MountNamespace

REPORT = "report.json"
PATIENT = 900.0
"""Seconds for the installation of everything, beside other work."""

PART_OF_THE_TESTS = """
    tests/unit/test_config.py tests/unit/test_prepare.py tests/unit/test_probe.py tests/unit/test_store.py
    tests/ui/test_snapshots.py tests/kernel/test_lifecycle.py tests/e2e/test_cli_run.py
""".split()
"""docs/testing.md names them."""

ISOLATED = ("mnt", "uts", "pid", "net", "ipc", "cgroup")
_RESULTS = "root/results.xml"
_EMPTY = re.compile(r"tuicont(-[0-9a-f]{12})?(/shims)?")
"""The groups that outlive the last container, for the next to be quicker."""


class Host:
    """The machine as its kernel has it: what of a container could be left on it."""

    def __init__(self, machine: MountNamespace, root: Path) -> None:
        self._machine, self._root = machine, root
        # What the machine sees as the roots of its hierarchies.
        self._groups = cgroup_directories(root.parent.name)

    def groups(self) -> dict[str, str]:
        """The cgroups below those that it began with, and the pids in each."""
        found = {}
        for top in self._groups:
            for directory, _, _ in os.walk(top):
                name = os.path.relpath(directory, top)
                if name not in (".", "init") and not _EMPTY.fullmatch(name):
                    with contextlib.suppress(OSError):  # it has gone since
                        found[directory] = Path(directory, "cgroup.procs").read_text()
        return found

    def containers(self) -> set[int]:
        """The processes in cgroups of containers that have a pid namespace of their own."""
        found, ours = set(), namespace("self", "pid")
        for pid in (int(pid) for text in self.groups().values() for pid in text.split()):
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it has ended since
                if namespace(pid, "pid") != ours:
                    found.add(pid)
        return found

    def traces(self) -> set[str]:
        """Processes, mounts, cgroups and files."""
        found = {f"process {pid}" for pid in os.listdir("/proc") if pid.isdigit()}
        found |= {f"mount {line}" for line in self._machine.mounts()}
        found |= {f"cgroup {directory}" for directory in self.groups()}
        run = self._machine.path("/run/tuicont")
        for place in (self._root / "var/lib/tuicont", run):
            for below in ("containers", "logs", "overlay/upper", "overlay/work", "trash", "tasks", "exits"):
                if (place / below).is_dir():
                    found |= {f"file {place / below}/{name}" for name in os.listdir(place / below)}
        return found


def follow_the_readme(machine: MountNamespace, root: Path, environment: Mapping[str, str], report: Path) -> None:
    """Its two commands. Raises AssertionError for what does not hold; `report` tells of what did."""
    host = Host(machine, root)
    assert not (root / "usr/bin/python3").exists(), "the machine is not bare"
    told = {"painted": _run(machine, host, environment), **_run_tests(machine, root, environment)}
    report.write_text(json.dumps(told))


def _run(machine: MountNamespace, host: Host, environment: Mapping[str, str]) -> float:
    """`make run`, and the first three steps of the README; the seconds to the first paint."""
    before, began = host.traces(), time.monotonic()
    make = machine.words("env", f"--chdir=/{SOURCE}", "make", "run")
    with Terminal(make, environment, cols=120, rows=40) as terminal:
        until(lambda: _painted(terminal.screen()), "the program has painted", PATIENT)
        painted = time.monotonic() - began

        terminal.press("n")
        terminal.shows("new container", "^s creates and starts")
        terminal.press("C-s")
        terminal.hides("new container")
        terminal.shows("1 running", "● running")
        init = min(until(host.containers, "a container runs"))
        assert [kind for kind in ISOLATED if namespace(init, kind) == namespace("self", kind)] == []

        terminal.press("K")
        terminal.shows("enter sends")
        terminal.press("Enter")
        until(lambda: not host.containers(), "the container ends")
        terminal.shows("137")
        terminal.press("d")
        terminal.shows("y remove")
        terminal.press("y")
        terminal.shows("no containers yet")
        terminal.press("q")
        code, _ = terminal.ended()
        assert code == 0
    _same(host.traces, before)
    return painted


def _painted(screen: str) -> bool:
    assert ENDED not in screen, "the program did not come to paint"
    return "press n to make the first one" in screen


def _same(traces: Callable[[], set[str]], before: set[str]) -> None:
    try:
        until(lambda: traces() == before, "nothing is left")
    except AssertionError:
        after = traces()
        raise AssertionError(f"left: {sorted(after - before)}, gone: {sorted(before - after)}") from None


def _run_tests(machine: MountNamespace, root: Path, environment: Mapping[str, str]) -> dict[str, object]:
    """A part of `make test`; what ran."""
    arguments = f"-q -p no:cacheprovider --junitxml=/{_RESULTS} {' '.join(PART_OF_THE_TESTS)}"
    make = machine.words("env", f"--chdir=/{SOURCE}", "CI=true", "make", "test", f"ARGS={arguments}")
    done = subprocess.run(make, env=environment, stdin=subprocess.DEVNULL, timeout=PATIENT, check=False)
    counts = read_counts(root / _RESULTS)
    assert done.returncode == 0, f"make test: {counts}"
    assert counts.passed > 0
    python = subprocess.run(
        machine.words(f"/{SOURCE}/.venv/bin/python", "-V"), env=environment, capture_output=True, text=True, check=True
    )
    return {"tests": str(counts), "python": python.stdout.strip()}
