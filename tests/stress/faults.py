"""System calls that fail, by strace(1): which calls a process makes, and the same again with one of them failing.

Knows nothing of what the process does.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from tests.support import require

ERRORS = ("ENOSPC", "EIO", "EINTR", "ENOMEM", "EAGAIN")
_LINE = re.compile(r"^(?:(?P<pid>\d+) +)?(?P<call>\w+)\((?P<rest>.*)")
_OWN = re.compile(r"\.pyc?\b|__pycache__|site-packages|/lib/|/lib64/|\.so\b|/tuicont/(?!root)")
"""What names a file of the interpreter or of the program: to fail to load those is not ours to tell."""
_NEVER = frozenset("close exit exit_group brk munmap mprotect rt_sigaction rt_sigprocmask rt_sigreturn futex".split())
"""What cannot fail, or of which the interpreter says how."""


class Fault(NamedTuple):
    """The `nth` call of that name fails, of each process that is traced."""

    call: str
    nth: int
    error: str

    def __str__(self) -> str:
        return f"{self.call} number {self.nth} fails with {self.error}"

    @property
    def options(self) -> list[str]:
        """For strace."""
        return ["-e", f"trace={self.call}", "-e", f"inject={self.call}:error={self.error}:when={self.nth}"]


class Recording:
    """The calls that may fail, by name, each with its numbers."""

    def __init__(self, lines: Iterable[str], start: str) -> None:
        """Of strace's `lines`, those from the first on that names `start`: before, a program is loaded."""
        counts: Counter[tuple[str, str]] = Counter()
        self._numbers: dict[str, set[int]] = {}
        begun = not start
        for line in lines:
            begun = begun or start in line
            if (match := _LINE.match(line)) is None or match["call"] in _NEVER:
                continue
            counts[match["pid"] or "", match["call"]] += 1
            memory = match["call"] == "mmap" and "tuicont.db" not in line
            if begun and not memory and not _OWN.search(match["rest"]):
                self._numbers.setdefault(match["call"], set()).add(counts[match["pid"] or "", match["call"]])

    def pick(self, chance: random.Random) -> Fault:
        """One of them: every name is as likely."""
        call = chance.choice(sorted(self._numbers))
        # The kernel never says EAGAIN of a file that is read, and Python's own reader has no word for it.
        errors = [error for error in ERRORS if (call, error) != ("read", "EAGAIN")]
        return Fault(call, chance.choice(sorted(self._numbers[call])), chance.choice(errors))


def strace(output: Path, *options: str) -> list[str]:
    """The words before those of the command."""
    return [require("strace"), "-qq", "-y", "-o", str(output), *options]
