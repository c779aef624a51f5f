"""Whatever runs in a container, it is listed, looked at, and ended in time; and nothing else is hurt."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hostile.zoo import ANIMALS, LIMITS, Animal, zoo
from tests.hung_fuse import HungFuse
from tests.stress.attack import Attack
from tests.stress.target import ANSWER_SECONDS, END_SECONDS, LIST_SECONDS, Target, assert_words
from tuicont.core.shim.patience import PATIENCE_SECONDS

ENGINE_ERROR = 125
SHARE = 0.2 / len(ANIMALS)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return zoo(tmp_path_factory.mktemp("zoo"))


@contextlib.contextmanager
def entered(target: Target) -> Iterator[subprocess.Popen[bytes]]:
    """An exec that may hang as long as the container can keep it from being born."""
    with target.cli.popen(
        "exec", "animal", "true", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as exec_:
        try:
            yield exec_
        finally:
            exec_.kill()


def assert_can_be_looked_at(target: Target) -> None:
    """Everything that one asks of a container answers, or fails by name."""
    assert target.timed("ps", seconds=LIST_SECONDS).returncode == 0
    file = target.tmp_path / "file"
    file.write_text("of the host")
    for words in (
        ("logs", "-n", "10", "animal"),
        ("top", "animal"),
        ("stats", "--no-stream", "animal"),
        ("inspect", "animal"),
        ("cp", "animal:/etc/hostname", str(target.tmp_path / "copied")),
        ("cp", str(file), "animal:/tmp/copied"),
    ):
        done = target.timed(*words, seconds=ANSWER_SECONDS)
        assert done.returncode == 0 or done.stderr.startswith("cannot "), f"{words}: {done.returncode}, {done.stderr}"


def assert_ends(target: Target, *words: str) -> None:
    done = target.timed(*words, "animal", seconds=END_SECONDS)
    assert done.returncode == 0, done.stderr


def assert_killed(target: Target) -> None:
    """Unless the memory limit has ended it before."""
    done = target.timed("kill", "animal", seconds=END_SECONDS)
    assert done.returncode == 0 or "it is exited" in done.stderr, done.stderr


@pytest.mark.parametrize("animal", ANIMALS, ids=lambda animal: animal.name)
def test_an_animal_is_held(target: Target, attack: Attack, program: Path, animal: Animal) -> None:
    for _ in attack.rounds(short=1, share=SHARE):
        options = (*LIMITS, *animal.options, "-v", f"{program}:/zoo:ro")
        target.cli.ok("run", "-d", "--name", "animal", *options, "demo", "/zoo", animal.name)
        with entered(target) as exec_:
            assert_can_be_looked_at(target)
            if attack.long:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    exec_.wait(PATIENCE_SECONDS)
            assert_killed(target)
            _, stderr = exec_.communicate(timeout=END_SECONDS)
            assert_words(stderr.decode())
            assert exec_.returncode != ENGINE_ERROR or stderr.startswith(b"cannot "), stderr
        assert_ends(target, "start")
        assert_ends(target, "rm", "-f")
        target.assert_as_before()


def test_what_hangs_in_a_file_system_that_never_answers_is_told_of_and_hurts_nobody(target: Target) -> None:
    with HungFuse(target.tmp_path / "dead") as dead:
        command = ("sh", "-c", "ls /mnt/there; sleep 1000")
        target.cli.ok("run", "-d", "--name", "animal", "-v", f"{dead.place}:/mnt", "demo", *command)
        with entered(target):
            assert_can_be_looked_at(target)
        refused = target.timed("rm", "-f", "animal", seconds=END_SECONDS)
        assert refused.returncode == 0 or "hangs in the kernel" in refused.stderr, refused.stderr
    target.assert_in_hand()
