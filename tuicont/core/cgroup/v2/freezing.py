"""Freezing a v2 group, and waiting for what the kernel tells of one (Documentation/admin-guide/cgroup-v2.rst,
cgroup.freeze and cgroup.events)."""

from __future__ import annotations

from tuicont.core.cgroup.text import parse_flat_keyed
from tuicont.core.sys.kernel import Kernel


def set_frozen(kernel: Kernel, directory: str, frozen: bool) -> None:
    """Ask for it; cgroup.events tells when it is so."""
    kernel.write(f"{directory}/cgroup.freeze", b"1" if frozen else b"0")


def is_asked_to_freeze(kernel: Kernel, directory: str) -> bool:
    """Whether the group itself (not one above it) was asked to freeze."""
    return kernel.read(f"{directory}/cgroup.freeze").strip() == b"1"


def await_event(kernel: Kernel, directory: str, key: str, value: int, seconds: float) -> bool:
    """Wait until cgroup.events says `key value`, at most `seconds`; whether it does. Raises `OSError` (ENODEV) when
    the group is removed meanwhile."""

    def said(text: bytes) -> bool:
        return parse_flat_keyed(text.decode()).get(key) == value

    return kernel.await_text(f"{directory}/cgroup.events", said, seconds)


def await_frozen(kernel: Kernel, directory: str, frozen: bool, seconds: float) -> bool:
    """Wait until the group is frozen, or is not, or nobody is left in it, at most `seconds`; whether it is so. Who ends
    a group thaws it: one that is to be frozen meanwhile never is."""

    def said(text: bytes) -> bool:
        events = parse_flat_keyed(text.decode())
        return events.get("frozen") == frozen or events.get("populated") == 0

    return kernel.await_text(f"{directory}/cgroup.events", said, seconds)
