"""Signals by name and number (signal(7)), as `kill`, `--stop-signal` and images' STOPSIGNAL write them, and what those
mean that are worth sending to a container.

Pure, but for the numbers, which are this machine's.
"""

from __future__ import annotations

import signal
from collections.abc import Mapping

MEANINGS: Mapping[str, str] = {
    "SIGKILL": "end every process at once; cannot be caught",
    "SIGTERM": "ask to end",
    "SIGINT": "as ctrl+c does",
    "SIGQUIT": "end with a core dump",
    "SIGHUP": "often: read the configuration again",
    "SIGUSR1": "the program's own meaning",
    "SIGUSR2": "the program's own meaning",
    "SIGSTOP": "stop until SIGCONT; the freezer is gentler",
    "SIGCONT": "go on after SIGSTOP",
    "SIGABRT": "end with a core dump",
    "SIGALRM": "a timer ran out",
    "SIGWINCH": "the terminal's size changed",
}
"""By name, the usual one first."""

_RTMIN, _RTMAX = int(signal.SIGRTMIN), int(signal.SIGRTMAX)
_NUMBERS: dict[str, int] = {s.name[3:]: int(s) for s in signal.Signals if s.name.startswith("SIG")}
_NUMBERS |= {f"RTMIN+{n}": _RTMIN + n for n in range(1, _RTMAX - _RTMIN + 1)}
_NUMBERS |= {f"RTMAX-{n}": _RTMAX - n for n in range(1, _RTMAX - _RTMIN + 1)}
_NAMES: dict[int, str] = {number: f"SIG{name}" for name, number in reversed(_NUMBERS.items())}


def number(text: str) -> int:
    """The number for `TERM`, `SIGTERM`, `sigterm`, `15` or `SIGRTMIN+3`. Raises `ValueError`."""
    name = text.strip().upper()
    if name.isascii() and name.isdigit():
        value = int(name) if len(name) <= 3 else 0
        if 1 <= value <= _RTMAX:
            return value
    found = _NUMBERS.get(name.removeprefix("SIG"))
    if found is None:
        raise ValueError(f"unknown signal {text!r}")
    return found


def name(value: int) -> str:
    """`SIGTERM` for 15; a number that has no name is itself, as `number` takes it."""
    return _NAMES.get(value, str(value))
