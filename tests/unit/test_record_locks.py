"""Locks by id: threads and processes exclude each other, and a killed holder holds nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tuicont.core.sys.record_locks import RecordLocks

A, B = "a" * 64, "b" * 64


def test_the_same_lock_is_held_once_even_within_a_process(tmp_path: Path) -> None:
    locks = RecordLocks(str(tmp_path / "locks"))
    with locks.attempt(A) as first, locks.attempt(A) as held:
        assert first and not held
    with locks.attempt(A) as held:
        assert held


def test_other_locks_are_free(tmp_path: Path) -> None:
    locks = RecordLocks(str(tmp_path / "locks"))
    with locks.attempt(A) as first, locks.attempt(B) as held:
        assert first and held


def test_many_share_a_lock_that_then_nobody_else_gets(tmp_path: Path) -> None:
    locks = RecordLocks(str(tmp_path / "locks"))
    shared = [locks.take(A, shared=True) for _ in range(2)]
    with locks.attempt(A) as held:
        assert None not in shared and not held
    for descriptor in filter(None, shared):
        os.close(descriptor)


def test_who_waits_gets_it_when_it_is_free_and_gives_up_after_a_while(tmp_path: Path) -> None:
    locks = RecordLocks(str(tmp_path / "locks"))
    held = locks.wait(A, 0)
    with pytest.raises(TimeoutError):
        locks.wait(A, 0.05)
    threading.Timer(0.05, os.close, [held]).start()
    os.close(locks.wait(A, 10))


def test_a_killed_process_lets_go(tmp_path: Path) -> None:
    path = str(tmp_path / "locks")
    script = (
        "import sys; from tuicont.core.sys.record_locks import RecordLocks\n"
        f"held = RecordLocks({path!r}).take({A!r}) is not None\n"
        "print('held' if held else 'not', flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        assert RecordLocks(path).take(A) is None
        holder.send_signal(signal.SIGKILL)
        holder.wait(5)
        descriptor = RecordLocks(path).take(A)
        assert descriptor is not None
        os.close(descriptor)
    finally:
        holder.kill()
        holder.communicate()
