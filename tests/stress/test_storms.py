"""Verbs ended by a signal at a random moment: as kill(1) does it, as Ctrl-C does, as a shutdown does."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests import file_systems
from tests.image_home import docker_archive, tar_of, write
from tests.kernel.host import end_all
from tests.stress.attack import Attack
from tests.stress.target import ANSWER_SECONDS, END_SECONDS, LOADED, Target, assert_words

NAMES = ("one", "two", "three")
STRIKES = 8
ENDS_SECONDS = 5.0 * LOADED
"""In which a verb ends that was asked to."""


def verbs(target: Target) -> list[tuple[str, ...]]:
    """Each with NAME for a container's; in an order in which each can do what it is for."""
    archive = write(target.tmp_path / "image.tar", docker_archive(tar_of(), tags=["loaded:1"]))
    file = target.tmp_path / "file"
    file.write_bytes(os.urandom(1 << 20))
    return [
        ("create", "--name", "NAME", "demo", "sleep", "1000"),
        ("start", "NAME"),
        ("exec", "NAME", "true"),
        ("cp", str(file), "NAME:/copied"),
        ("cp", "NAME:/copied", str(target.tmp_path / "copied")),
        ("pause", "NAME"),
        ("unpause", "NAME"),
        ("update", "--pids-limit", "50", "NAME"),
        ("logs", "NAME"),
        ("ps", "-a"),
        ("restart", "-t", "0", "NAME"),
        ("stop", "-t", "0", "NAME"),
        ("start", "NAME"),
        ("kill", "NAME"),
        ("rm", "-f", "NAME"),
        ("run", "-d", "--name", "NAME", "demo", "sleep", "1000"),
        ("rm", "-f", "NAME"),
        ("run", "--rm", "demo", "true"),
        ("load", "-i", str(archive)),
        ("rmi", "loaded:1"),
        ("prune", "-f"),
    ]


def calm(target: Target) -> dict[tuple[str, ...], float]:
    """How long each verb takes when nobody disturbs it."""
    took = {}
    for verb in verbs(target):
        began = time.monotonic()
        target.cli.ok(*named(verb, "calm"))
        took[verb] = time.monotonic() - began
    return took


def named(verb: tuple[str, ...], name: str) -> list[str]:
    return [word.replace("NAME", name) for word in verb]


class Strike:
    """A verb that is sent a signal some seconds after it began. In a process group of its own, as a shell has it, which
    Ctrl-C is sent to."""

    def __init__(self, target: Target, words: list[str], delay: float, number: signal.Signals) -> None:
        self._told = f"{' '.join(words)}: {number.name} at {delay:.3f} s"
        self._number = number
        self._process = target.cli.popen(
            *words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
        )
        self._moment = time.monotonic() + delay

    def falls(self) -> None:
        """Wait for its moment, strike, and see how the verb ends."""
        try:
            self._process.wait(max(0.0, self._moment - time.monotonic()))
        except subprocess.TimeoutExpired:
            self._send(self._number)
        try:
            _, stderr = self._process.communicate(timeout=ENDS_SECONDS)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"it goes on: {self._told}") from None
        print(f"{self._told}, {self._process.returncode}")
        assert_words(stderr.decode())

    def close(self) -> None:
        """End it, whatever became of it."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.communicate()

    def _send(self, number: signal.Signals) -> None:
        if number == signal.SIGINT:
            os.killpg(self._process.pid, number)
        else:
            self._process.send_signal(number)


def storm(target: Target, usual: dict[tuple[str, ...], float], number: signal.Signals, chance: random.Random) -> None:
    """Verbs two by two, each ended at some moment of its usual time, or a little later."""
    for _ in range(STRIKES):
        with contextlib.ExitStack() as opened:
            pair = []
            for verb in chance.sample(list(usual), 2):
                words, delay = named(verb, chance.choice(NAMES)), chance.uniform(0, 1.2 * usual[verb])
                pair.append(opened.enter_context(contextlib.closing(Strike(target, words, delay, number))))
            for strike in pair:
                strike.falls()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_verbs_ended_at_any_moment_leave_nothing(target: Target, attack: Attack, number: signal.Signals) -> None:
    usual = calm(target)
    target.before = target.holdings()  # the calm verbs made what comes with first use
    for chance in attack.rounds(short=1, share=0.08):
        storm(target, usual, number, chance)
        target.cli("rmi", "loaded:1")
        target.assert_in_hand()


@pytest.mark.parametrize(
    ("kind", "options", "make", "what"),
    [
        pytest.param("tmpfs", "size=48m", (), "blocks", id="tmpfs"),
        pytest.param("tmpfs", "nr_inodes=3000", (), "inodes", id="tmpfs, inodes"),
        pytest.param("ext4", "", ("-b", "4096", "-N", "3000"), "inodes", id="ext4, inodes"),
        pytest.param("ext4", "", ("-b", "1024"), "blocks", id="ext4 in small blocks"),
        pytest.param("xfs", "", (), "blocks", id="xfs"),
    ],
)
def test_verbs_on_a_disk_that_becomes_full_leave_nothing(
    attack: Attack, tmp_path: Path, kind: str, options: str, make: tuple[str, ...], what: str
) -> None:
    def on_it(place: Path) -> None:
        try:
            with Target.made(tmp_path, str(place)) as target:
                words = verbs(target)
                for chance in attack.rounds(short=1, share=0.02):
                    with file_systems.greedy(place, what):
                        fill_storm(target, words, chance)
                    shutil.rmtree(place / "many", ignore_errors=True)
                    (place / "big").unlink(missing_ok=True)
                    target.cli("rmi", "loaded:1")
                    target.assert_in_hand()
        finally:
            end_all(str(place))

    file_systems.on(kind, tmp_path, on_it, options=options, make=make)


def fill_storm(target: Target, words: list[tuple[str, ...]], chance: random.Random) -> None:
    """Verbs one after the other while the disk becomes full; in the end nothing runs."""
    for verb in chance.choices(words, k=STRIKES // 2):
        done = target.timed(*named(verb, chance.choice(NAMES)), seconds=ANSWER_SECONDS)
        assert done.returncode == 0 or done.stderr, f"{verb} failed without a word"
    for container in target.strangers():
        ended = target.timed("rm", "-f", container, seconds=END_SECONDS)
        assert ended.returncode == 0, ended.stderr
