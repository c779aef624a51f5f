"""Freezing a v2 group, and waiting for what the kernel tells of one (Documentation/admin-guide/cgroup-v2.rst,
cgroup.freeze and cgroup.events)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tuicont.core.cgroup.text import parse_flat_keyed
from tuicont.core.sys.kernel import Kernel


def set_frozen(kernel: Kernel, directory: str, frozen: bool) -> None:
    """Ask for it; cgroup.events tells when it is so."""
    kernel.write(f"{directory}/cgroup.freeze", b"1" if frozen else b"0")


def is_asked_to_freeze(kernel: Kernel, directory: str) -> bool:
    """Whether the group itself (not one above it) was asked to freeze."""
    return kernel.read(f"{directory}/cgroup.freeze").strip() == b"1"


def await_frozen(kernel: Kernel, directory: str, frozen: bool, seconds: float) -> bool:
    """Wait until the group is frozen, or is not, or nobody is left in it, at most `seconds`; whether it is so. Who ends
    a group thaws it: one that is to be frozen meanwhile never is. Raises `OSError` (ENODEV) when the group is removed
    meanwhile."""
    return _await(
        kernel, directory, lambda events: events.get("frozen") == frozen or events.get("populated") == 0, seconds
    )


def await_empty(kernel: Kernel, directory: str, seconds: float) -> None:
    """Wait until nobody is left in the group, at most `seconds`. Raises `OSError` as `await_frozen` does."""
    _await(kernel, directory, lambda events: events.get("populated") == 0, seconds)


def _await(kernel: Kernel, directory: str, so: Callable[[Mapping[str, int]], bool], seconds: float) -> bool:
    path = f"{directory}/cgroup.events"
    return kernel.await_text(path, lambda text: so(parse_flat_keyed(text.decode())), seconds)
