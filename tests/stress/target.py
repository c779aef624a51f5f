"""What is attacked: the real program on a state root, with a container that no attack is aimed at; and the question
that follows each attack: does the program still have it all in hand, and is what is left exactly what was there before?
"""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from tests.cli import Cli
from tests.kernel.host import eventually, leftovers
from tests.stress.holdings import holdings
from tuicont.core.engine.open import open_engine

LOADED = 3
"""So many times slower may everything be on a machine that is busy, as one that runs tests is."""
LIST_SECONDS, END_SECONDS, ANSWER_SECONDS = 2.0 * LOADED, 5.0 * LOADED, 5.0 * LOADED
"""The promise of docs/architecture.md: to list takes 2 s at the most, to end a container 5 s, as does any answer."""

_OUR_FRAMES = re.compile(r"/tuicont/(?!__main__)")


class Target:
    """A state root at `root` and the program on it."""

    def __init__(self, root: Path, tmp_path: Path) -> None:
        self.root = root
        self.tmp_path = tmp_path
        self.cli = Cli(root)
        self.bystander = self.cli.ok("run", "-d", "--name", "bystander", "demo", "sleep", "100000")
        self.before = self.holdings()

    @classmethod
    @contextlib.contextmanager
    def made(cls, tmp_path: Path, place: str = "/tmp") -> Iterator[Target]:
        """One that is gone afterwards, and has left nothing."""
        root = Path(tempfile.mkdtemp(prefix="tc-", dir=place))  # a short path, as sockets live below it
        try:
            yield cls(root, tmp_path)
        finally:
            with closing(open_engine(str(root))) as engine:
                parent = engine.cgroup_parent
                for container in engine.containers.list():
                    engine.containers.remove(container.id, force=True)
            try:
                eventually(lambda: not leftovers(str(root), parent))
            finally:
                shutil.rmtree(root)

    def holdings(self) -> set[str]:
        """What the root has on the host now."""
        with closing(open_engine(str(self.root))) as engine:
            return holdings(engine, self.root)

    def timed(self, *words: str, seconds: float) -> subprocess.CompletedProcess[str]:
        """A verb that must answer in time, and in words."""
        began = time.monotonic()
        try:
            done = self.cli(*words, timeout=seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{' '.join(words)} has not answered for {seconds:g} s") from None
        print(f"{' '.join(words)}: {done.returncode} after {time.monotonic() - began:.2f} s {done.stderr.strip()}")
        assert_words(done.stderr)
        return done

    def strangers(self) -> list[str]:
        """The ids of all containers but the bystander."""
        listed = self.timed("ps", "-a", "-q", "--no-trunc", seconds=LIST_SECONDS)
        assert listed.returncode == 0, listed.stderr
        return [line for line in listed.stdout.split() if line != self.bystander]

    def assert_in_hand(self) -> None:
        """Every record is of a container that can be looked at, started and removed, and nothing stays of them."""
        found = self.strangers()
        for container in found:
            looked = self.timed("inspect", "--format", "{{.State.Running}}", container, seconds=ANSWER_SECONDS)
            assert looked.returncode == 0, looked.stderr
            if looked.stdout == "false\n":
                started = self.timed("start", container, seconds=ANSWER_SECONDS)
                assert started.returncode == 0, started.stderr
        for container in found:
            removed = self.timed("rm", "-f", container, seconds=END_SECONDS)
            assert removed.returncode == 0, removed.stderr
        self.assert_as_before()

    def assert_as_before(self) -> None:
        """The root has on the host what it had before."""
        after: set[str] = set()

        def same() -> bool:
            after.clear()
            after.update(self.holdings())
            return after == self.before

        try:
            eventually(same)
        except AssertionError:
            came, went = sorted(after - self.before), sorted(self.before - after)
            raise AssertionError(f"came: {came}, went: {went}") from None


def assert_words(stderr: str) -> None:
    """What went wrong is told in words, never as where in the program it did."""
    if "KeyboardInterrupt" in stderr and not _OUR_FRAMES.search(stderr):
        return  # Ctrl-C while the interpreter started, before the first line of ours: that is Python's to tell
    assert "Traceback" not in stderr and "Exception ignored" not in stderr, stderr
