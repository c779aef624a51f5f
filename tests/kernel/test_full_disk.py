"""A container that fills the disk, and goes on filling it, is listed, killed and removed like any other: what frees
room must not need any."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import file_systems
from tests.cli import Cli
from tests.kernel.host import end_all, eventually, shims
from tuicont.core.store.database import Database
from tuicont.core.sys.mounts import MS_BIND, MS_RDONLY, MS_REMOUNT, mount

pytestmark = pytest.mark.host_only  # the second kernel has no loop devices, and starts of Python are slow there

FILLER = "while :; do cat /dev/zero >> /big 2>/dev/null; true > /small; sleep 0.01; done"
HOARDER = "mkdir /many; n=0; while :; do true > /many/$n && n=$((n+1)) || sleep 0.01; done 2>/dev/null"
SECONDS = 60
"""What does not hang takes a second."""


@pytest.mark.parametrize(("what", "script"), [("blocks", FILLER), ("inodes", HOARDER)], ids=["blocks", "inodes"])
@pytest.mark.parametrize(
    ("kind", "options", "make"),
    [
        pytest.param("tmpfs", "size=24m,nr_inodes=2000", (), id="tmpfs"),
        pytest.param("ext4", "", ("-N", "2000"), id="ext4"),
        pytest.param("ext4", "", ("-b", "1024", "-N", "2000"), id="ext4 in small blocks"),
    ],
)
def test_a_container_that_fills_the_disk_can_be_ended(
    kind: str, options: str, make: tuple[str, ...], what: str, script: str, tmp_path: Path
) -> None:
    def on_it(place: Path) -> None:
        try:
            fill_and_end(place)
        finally:
            end_all(str(place))

    def fill_and_end(place: Path) -> None:
        root = place / "root"
        verb = Cli(root)
        started = verb("run", "-d", "--name", "filler", "demo", "sh", "-c", script)
        assert started.returncode == 0, started.stderr
        eventually(lambda: file_systems.scarce(place, what), SECONDS)
        for words in (("ps",), ("ps", "-a", "-q"), ("inspect", "filler"), ("info",)):
            done = verb(*words)
            assert done.returncode == 0, f"{words}: {done.stderr}"
        exec_ = verb("exec", "filler", "echo", "inside")
        assert (exec_.returncode, exec_.stdout) == (0, "inside\n"), exec_.stderr
        verb("kill", "filler")
        eventually(lambda: "Up" not in verb("ps", "-a").stdout)
        removed = verb("rm", "-f", "filler")
        assert removed.returncode == 0, removed.stderr
        assert verb("ps", "-a", "-q").stdout == ""
        eventually(lambda: not shims(str(root)))
        after = verb("run", "--rm", "demo", "echo", "room again")
        assert after.stdout == "room again\n", after.stderr

    file_systems.on(kind, tmp_path, on_it, options=options, make=make)


@pytest.mark.parametrize("kind", ["tmpfs", "ext4"])
def test_a_disk_that_fills_while_a_command_runs_takes_nothing_from_the_next(kind: str, tmp_path: Path) -> None:
    """Neither to close the database nor to open it frees what the next would need."""

    def on_it(place: Path) -> None:
        for _ in range(5):
            with file_systems.greedy(place, "blocks"):
                while not file_systems.scarce(place, "blocks"):
                    Database(str(place / "state.db")).close()
                again = Database(str(place / "state.db"))
                assert again.read("SELECT count(*) FROM containers") == [(0,)]
                again.close()
            (place / "big").unlink()

    file_systems.on(kind, tmp_path, on_it, options="size=16m" if kind == "tmpfs" else "")


@pytest.mark.parametrize("kind", ["tmpfs", "ext4"])
def test_between_two_commands_nobody_takes_the_room_that_the_database_needs(kind: str, tmp_path: Path) -> None:
    """What is freed on this disk is taken within microseconds, and SQLite's own way frees some at each close."""

    def write(place: Path, name: str) -> None:
        database = Database(str(place / "state.db"))
        try:
            with database.transaction() as connection:
                connection.execute("DELETE FROM events")
                connection.execute("INSERT INTO events VALUES (NULL, 0, 'topic', 'subject', ?, '{}')", (name,))
            assert [row[0] for row in database.read("SELECT name FROM events")] == [name]
        finally:
            database.close()

    def on_it(place: Path) -> None:
        write(place, "there is room")
        with file_systems.greedy(place, "blocks"):
            eventually(lambda: file_systems.scarce(place, "blocks"), SECONDS)
            for attempt in range(100):
                write(place, f"attempt {attempt}")

    file_systems.on(kind, tmp_path, on_it, options="size=16m" if kind == "tmpfs" else "")


def test_on_a_disk_that_cannot_be_written_what_runs_is_seen_and_ended(tmp_path: Path) -> None:
    def on_it(place: Path) -> None:
        view, run_root = tmp_path / "view", tmp_path / "run"
        view.mkdir()
        writable, readable = Cli(place / "root", run_root), Cli(view / "root", run_root)
        writable("run", "-d", "--name", "c", "demo", "sh", "-c", "echo said; exec sleep 1000")
        mount(str(place), str(view), "", MS_BIND, "")
        mount("", str(view), "", MS_BIND | MS_REMOUNT | MS_RDONLY, "")
        assert "Up" in readable("ps").stdout
        assert readable("logs", "c").stdout == "said\n"
        assert readable("exec", "c", "echo", "inside").stdout == "inside\n"
        refused = readable("create", "demo")
        assert refused.returncode == 125 and "read-only" in refused.stderr, refused.stderr
        killed = readable("kill", "c")
        assert "hint: the state root cannot be written; an end is recorded when it can be again" in killed.stderr
        assert eventually(lambda: "Exited (137)" in writable("ps", "-a").stdout)
        assert writable("rm", "c").returncode == 0

    file_systems.on("tmpfs", tmp_path, on_it)
