"""The whole way of a new user through the real program in a real terminal, key by key.

After each key the kernel is asked what became of it: namespaces, cgroups, the freezer, processes, files.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import pytest

from tests.cli import Cli
from tests.e2e.terminal import Terminal, until
from tests.kernel.host import leftovers, namespace, shims, state, status

pytestmark = [pytest.mark.kernel, pytest.mark.e2e]

ISOLATED = ("mnt", "uts", "pid", "net", "ipc", "cgroup")
WORK = "trap 'echo > /hit' USR1; while sleep 0.05; do echo >> /beats; done"
"""Leaves a trace of its going on in a file, gently."""


def children(pid: int) -> list[int]:
    """The children of a process with one thread."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


class Inside:
    """A container as the kernel sees it, found without asking the engine."""

    def __init__(self, home: str) -> None:
        # Until it executes its command, the init has the shim's name.
        (self.shim,) = until(lambda: found if len(found := shims(home)) == 1 else None, "a shim runs")
        (self.pid,) = until(lambda: children(self.shim), "the shim has a child")
        until(lambda: b"sleep" in Path(f"/proc/{self.pid}/cmdline").read_bytes(), "the command runs")

    def groups(self) -> dict[str, str]:
        """Its cgroup's directory in each hierarchy, by controllers ("" is v2's)."""
        mounts = {}
        for line in Path("/proc/self/mountinfo").read_text().splitlines():
            mount, _, rest = line.partition(" - ")
            kind, _, options = rest.split(" ", 2)
            if kind == "cgroup2":
                mounts[""] = mount.split()[4]
            elif kind == "cgroup":
                mounts |= dict.fromkeys(options.split(","), mount.split()[4])
        found = {}
        for line in Path(f"/proc/{self.pid}/cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            first = controllers.split(",")[0]
            if first in mounts and "tuicont" in path:
                found[controllers] = mounts[first] + path
        return found

    def limit(self, *names: str) -> str:
        """The text of the first of `names` (v1's, v2's) that one of its groups has."""
        (text,) = {
            path.read_text().strip() for d in self.groups().values() for n in names if (path := Path(d, n)).exists()
        }
        return text

    def frozen(self) -> bool:
        """Whether the freezer says that every process stands still."""
        groups = self.groups()
        if "" in groups:
            return "frozen 1" in Path(groups[""], "cgroup.events").read_text()
        return Path(groups["freezer"], "freezer.state").read_text().strip() == "FROZEN"

    def file(self, path: str) -> Path:
        """A file of the container's own root."""
        return Path(f"/proc/{self.pid}/root{path}")

    def beats(self) -> int:
        """How often it has gone round."""
        path = self.file("/beats")
        return path.stat().st_size if path.exists() else 0

    def goes_on(self) -> None:
        """Wait until it has gone round again."""
        before = self.beats()
        until(lambda: self.beats() > before, "the container goes on")

    def shells(self) -> list[int]:
        """The shells that came in from outside: the shim is their parent, as it is init's."""
        found = []
        for pid in children(self.shim):
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                if pid != self.pid and Path(f"/proc/{pid}/cmdline").read_bytes().startswith(b"/bin/sh"):
                    found.append(pid)
        return found


def tui(cli: Cli, cols: int, rows: int) -> Terminal:
    return Terminal(cli.words(), cli.environment, cols=cols, rows=rows)


def create(terminal: Terminal, name: str, command: str) -> None:
    """Fill in the form, and start."""
    terminal.press("n")
    terminal.shows("new container", "^s creates and starts")
    terminal.cursor_on("name")
    terminal.type(name)
    terminal.shows(f"--name={name}")
    terminal.press("Down")
    terminal.cursor_on("command")
    terminal.type(command)
    terminal.cursor_on(command[-10:])
    terminal.press("C-s")
    terminal.hides("new container")


def test_a_container_s_life_by_keys(cli: Cli) -> None:
    root, home = str(cli.root), str(cli.root.parent)
    with tui(cli, 80, 24) as terminal:
        terminal.shows("no containers yet", "press n to make the first one")

        create(terminal, "box", f'sh -c "{WORK}"')
        box = Inside(home)
        groups = box.groups()
        assert groups
        assert [kind for kind in ISOLATED if namespace(box.pid, kind) == namespace("self", kind)] == []
        assert status(box.pid, "NSpid").split()[-1] == "1"
        assert box.limit("memory.limit_in_bytes", "memory.max") == str(64 << 20)
        assert box.limit("pids.max") == "64"
        box.goes_on()
        terminal.shows("1 running", "● running")

        terminal.press("f")
        until(box.frozen, "the cgroup is frozen")
        beats = box.beats()
        terminal.shows("❄ frozen")
        assert box.frozen()
        assert box.beats() == beats

        terminal.press("f")
        until(lambda: not box.frozen(), "the cgroup is thawed")
        box.goes_on()
        terminal.shows("● running")

        terminal.press("e")
        (shell,) = until(box.shells, "a shell runs inside")
        assert [kind for kind in ISOLATED if namespace(shell, kind) != namespace(box.pid, kind)] == []
        assert Path(f"/proc/{shell}/cgroup").read_text() == Path(f"/proc/{box.pid}/cgroup").read_text()
        terminal.shows("gives the keyboard back", "#")
        terminal.type("echo inside-$((6*7)) | tee /typed")
        terminal.press("Enter")
        until(lambda: box.file("/typed").exists() and box.file("/typed").read_text() == "inside-42\n", "it was typed")
        terminal.shows("inside-42")
        terminal.type("exit")
        terminal.press("Enter")
        until(lambda: not state(shell), "the shell ends")
        terminal.hides("gives the keyboard back")
        box.goes_on()

        terminal.press("K")
        terminal.shows("send a signal to box", "enter sends")
        terminal.press("u")
        terminal.press("Enter")
        until(lambda: box.file("/hit").exists(), "the signal arrives")
        terminal.hides("enter sends")
        box.goes_on()

        terminal.press("K")
        terminal.shows("send a signal to box", "enter sends")
        terminal.press("Enter")
        until(lambda: not state(box.pid), "the container ends")
        until(lambda: not [d for d in groups.values() if os.path.exists(d)], "its cgroups go")
        until(lambda: not shims(home), "its shim goes")
        terminal.shows("✖", "137")
        assert os.listdir(f"{root}/containers")

        terminal.press("d")
        terminal.shows("remove box?", "are lost", "y remove")
        terminal.press("y")
        until(lambda: not os.listdir(f"{root}/containers"), "its files go")
        parents = {os.path.dirname(d.split("/cgroup/", 1)[1].partition("/")[2]) for d in groups.values()}
        until(lambda: not [x for parent in parents for x in leftovers(root, parent)], "nothing of it is left")
        assert not os.listdir(f"{home}/run/tasks")
        terminal.shows("no containers yet")

        create(terminal, "stays", f'sh -c "{WORK}"')
        stays = Inside(home)
        terminal.shows("stays", "● running")
        terminal.press("q")
        code, said = terminal.ended()
        assert code == 0
        assert "1 container goes on running" in said
        stays.goes_on()


TABS = {
    "overview": "command",
    "logs": "a line of its log",
    "procs": "host pid",
    "metrics": "memory",
    "cgroup": "cgroup.procs",
    "ns": "interfaces of its network",
    "layers": "read-only layers",
    "mounts": "/dev/shm",
    "inspect": '"RestartCount": 0',
}
TROUBLE = ("Traceback", "Error", "cannot ", "error")


def sound(screen: str) -> None:
    """Nothing on the screen tells of a failure; a container's document has a key for one."""
    said = screen.replace('"Error": ""', "")
    lines = [line for line in said.splitlines() if any(word in line for word in TROUBLE)]
    assert not lines, "\n".join(lines)


def test_every_screen_and_tab_opens(cli: Cli) -> None:
    cli.ok("run", "-d", "--name", "box", "demo", "sh", "-c", "echo a line of its log; sleep 1000")
    with tui(cli, 160, 48) as terminal:
        terminal.shows("box", "● running")
        for heading, content in TABS.items():
            sound(terminal.shows(heading, content))
            terminal.press("]")
        terminal.press("6")
        sound(terminal.shows("events", "following", "/tasks/start"))
        terminal.press("9")
        sound(terminal.shows("engine", "cgroup", "storage", "overlay", "native"))
        terminal.press("?")
        sound(terminal.shows("help ─ engine", "esc closes"))
        terminal.press("Escape")
        terminal.hides("help ─")
        terminal.press(":")
        sound(terminal.shows("what to do?"))
        terminal.press("Escape")
        terminal.hides("what to do?")
        terminal.press("1")
        sound(terminal.shows("box", "● running"))
        terminal.resize(70, 20)
        terminal.shows("terminal too small (70×20)", "tuicont needs 80×23")
        terminal.resize(80, 24)
        terminal.hides("too small")
        sound(terminal.shows("box", "● running"))
        terminal.press("q")
        assert terminal.ended()[0] == 0
