"""A plain chroot, in which "/" is no mount point: containers work, and what they mount spreads to nobody."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.kernel.host import eventually
from tests.mount_namespace import MountNamespace
from tests.support import require

pytestmark = pytest.mark.host_only  # a dozen starts of Python, which emulation makes slow

CHECKOUT = Path(__file__).resolve().parents[2]
ALL_OF_THE_HOST = """
for entry in /*; do
    if [ -L "$entry" ]; then
        cp -P "$entry" "$1$entry"
    elif [ "$entry" = /tmp ]; then # holds $1 itself
        mkdir "$1$entry"; mount --bind "$entry" "$1$entry"
    elif [ -d "$entry" ]; then
        mkdir "$1$entry"; mount --rbind "$entry" "$1$entry"
    fi
done
"""
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def host(tmp_path: Path) -> Iterator[MountNamespace]:
    """A host whose mounts are shared, as systemd has them, with all of it once more below `tmp_path`."""
    with MountNamespace(ALL_OF_THE_HOST, str(tmp_path), propagation="shared") as namespace:
        yield namespace


@pytest.fixture
def chroot(host: MountNamespace, tmp_path: Path) -> Run:
    """Run a command in the chroot."""

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        inside = host.words("chroot", str(tmp_path), "env", f"PYTHONPATH={CHECKOUT}", *words)
        return subprocess.run(inside, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)

    return run


@pytest.fixture
def tuicont(chroot: Run, root: str) -> Callable[..., str]:
    """Standard output of a verb that must succeed there."""

    def verb(*words: str) -> str:
        done = chroot(sys.executable, "-m", "tuicont", "--root", root, *words)
        assert done.returncode == 0, f"{words}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    return verb


def test_the_root_of_a_chroot_is_no_mount_point(chroot: Run) -> None:
    """What the tests below rest on."""
    done = chroot("mount", "--make-private", "/")
    assert done.returncode != 0
    assert " / / " not in chroot("cat", "/proc/self/mountinfo").stdout


def test_a_container_runs_in_a_chroot_and_nothing_of_it_spreads(
    host: MountNamespace, tuicont: Callable[..., str]
) -> None:
    before = host.mounts()
    tuicont("run", "-d", "--name=box", "--privileged", "demo", "sh", "-c", "echo here > /mark; exec sleep 1000")
    init = tuicont("inspect", "-f", "{{.State.Pid}}", "box").strip()
    eventually(lambda: Path(f"/proc/{init}/root/mark").exists())
    assert host.mounts() == before

    # Whoever enters the namespace, as a privileged process inside could, comes to the container's root and no further.
    entered = [require("nsenter"), f"--mount=/proc/{init}/ns/mnt", "/bin/sh", "-c", "cat /mark; ls /"]
    seen = subprocess.run(entered, capture_output=True, text=True, check=True).stdout.split()
    assert seen[0] == "here"
    assert sorted(seen[1:]) == sorted(os.listdir(f"/proc/{init}/root"))
    assert tuicont("exec", "box", "cat", "/mark") == "here\n"

    tuicont("rm", "-f", "box")
    assert host.mounts() == before


def test_a_stopped_container_is_looked_into_from_a_chroot(
    host: MountNamespace, tuicont: Callable[..., str], tmp_path: Path
) -> None:
    before = host.mounts()
    tuicont("run", "--name=box", "demo", "sh", "-c", "echo kept > /mark")
    assert "/mark" in tuicont("diff", "box")
    tuicont("cp", "box:/mark", "/mark")
    assert (tmp_path / "mark").read_text() == "kept\n"
    assert "cannot" not in tuicont("doctor")
    assert host.mounts() == before
